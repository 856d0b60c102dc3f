<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>ChatTransfer</name>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
</context>
<context>
    <name>Comparison</name>
    <message>
        <source>%1: done</source>
        <translation>%1：完成</translation>
    </message>
    <message>
        <source>%1: loading</source>
        <translation>%1：加载中</translation>
    </message>
    <message>
        <source>%1: answering</source>
        <translation>%1：回答中</translation>
    </message>
    <message>
        <source>%1: weight errors</source>
        <translation>%1：计算权重误差</translation>
    </message>
    <message>
        <source>%1: measuring quality</source>
        <translation>%1：测量质量</translation>
    </message>
</context>
<context>
    <name>Docks</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Monitor</source>
        <translation>监视</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
</context>
<context>
    <name>ErrorText</name>
    <message>
        <source>Not enough memory</source>
        <translation>内存不足</translation>
    </message>
    <message>
        <source>Not enough memory: %1 needed, %2 free.</source>
        <translation>内存不足：需要 %1，可用 %2。</translation>
    </message>
    <message>
        <source>Choose fewer bits per weight, a shorter context or an 8-bit KV cache, or close other programs.</source>
        <translation>请选择更低的权重位数、更短的上下文或 8 位 KV 缓存，或关闭其他程序。</translation>
    </message>
    <message>
        <source>That cannot be done</source>
        <translation>无法执行</translation>
    </message>
    <message>
        <source>A file is missing or cannot be read</source>
        <translation>文件缺失或无法读取</translation>
    </message>
    <message>
        <source>Check the path.</source>
        <translation>请检查路径。</translation>
    </message>
    <message>
        <source>The file cannot be read as text</source>
        <translation>无法将该文件作为文本读取</translation>
    </message>
    <message>
        <source>Give another one.</source>
        <translation>请换一个文件。</translation>
    </message>
    <message>
        <source>Check the path, and that the model was downloaded whole.</source>
        <translation>请检查路径，以及模型是否下载完整。</translation>
    </message>
    <message>
        <source>A file is damaged</source>
        <translation>文件已损坏</translation>
    </message>
    <message>
        <source>Download or copy it again.</source>
        <translation>请重新下载或复制。</translation>
    </message>
    <message>
        <source>A file is of a kind that Nibble does not know</source>
        <translation>Nibble 不认识这种文件</translation>
    </message>
    <message>
        <source>Choose another model, or a newer version of Nibble.</source>
        <translation>请选择其他模型，或使用更新版本的 Nibble。</translation>
    </message>
    <message>
        <source>The device cannot be used</source>
        <translation>设备无法使用</translation>
    </message>
    <message>
        <source>Choose the CPU, or &quot;nibble-cli devices&quot; tells what is there.</source>
        <translation>请选择 CPU，或用“nibble-cli devices”查看可用设备。</translation>
    </message>
    <message>
        <source>The graphics card is lost to this program</source>
        <translation>本程序已无法再使用显卡</translation>
    </message>
    <message>
        <source>Nothing that you typed is lost: start Nibble again.</source>
        <translation>你输入的内容都没有丢失：请重新启动 Nibble。</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>The model produced values that are not numbers</source>
        <translation>模型产生了非数值结果</translation>
    </message>
    <message>
        <source>Its files may be damaged; or try bf16 or f32 as compute type.</source>
        <translation>模型文件可能已损坏；也可以尝试把计算类型改为 bf16 或 f32。</translation>
    </message>
    <message>
        <source>The conversation does not fit the context</source>
        <translation>对话超出了上下文长度</translation>
    </message>
    <message>
        <source>Load the model with a longer context, or start a new chat.</source>
        <translation>请用更长的上下文加载模型，或新建对话。</translation>
    </message>
    <message>
        <source>That did not work</source>
        <translation>操作失败</translation>
    </message>
    <message>
        <source>The input cannot be read</source>
        <translation>无法读取输入</translation>
    </message>
    <message>
        <source>The text cannot be used</source>
        <translation>文本无法使用</translation>
    </message>
    <message>
        <source>Give a longer text or a smaller window.</source>
        <translation>请提供更长的文本或更小的窗口。</translation>
    </message>
</context>
<context>
    <name>Help</name>
    <message>
        <source>Diagnostics</source>
        <translation>诊断信息</translation>
    </message>
    <message>
        <source>For a report of a fault. It holds none of your messages.</source>
        <translation>用于报告故障，不包含你的任何消息。</translation>
    </message>
    <message>
        <source>Nibble %1 runs large language models in a few bits per weight on this computer. It is free software under the GNU General Public License, version 3 or later, and comes without any warranty. The bundled sample model is built with Llama.</source>
        <translation>Nibble %1 在本机以每个权重几位的精度运行大语言模型。它是自由软件，采用 GNU 通用公共许可证第 3 版或更高版本，不提供任何担保。随附的示例模型“Built with Llama”。</translation>
    </message>
    <message>
        <source>About Nibble</source>
        <translation>关于 Nibble</translation>
    </message>
    <message>
        <source>Settings …</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
</context>
<context>
    <name>ModelLibrary</name>
    <message>
        <source>GGUF files cannot be opened yet. A folder with config.json and safetensors files can.</source>
        <translation>暂时还不能打开 GGUF 文件；可以打开含 config.json 和 safetensors 文件的文件夹。</translation>
    </message>
    <message>
        <source>No model was found there: a model&apos;s folder holds config.json and safetensors files.</source>
        <translation>那里没有找到模型：模型文件夹应包含 config.json 和 safetensors 文件。</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
</context>
<context>
    <name>Parts</name>
    <message>
        <source>Load a model first.</source>
        <translation>请先加载模型。</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>To the prompt</source>
        <translation>转到输入框</translation>
    </message>
    <message>
        <source>Copy the last answer</source>
        <translation>复制最后一条回答</translation>
    </message>
    <message>
        <source>Load the chosen model</source>
        <translation>加载所选模型</translation>
    </message>
    <message>
        <source>Add a folder of models …</source>
        <translation>添加模型文件夹…</translation>
    </message>
    <message>
        <source>Export this chat as Markdown …</source>
        <translation>将此对话导出为 Markdown…</translation>
    </message>
    <message>
        <source>Import chats …</source>
        <translation>导入对话…</translation>
    </message>
    <message>
        <source>Delete all chats …</source>
        <translation>删除全部对话…</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
</context>
<context>
    <name>Precision</name>
    <message>
        <source>32-bit</source>
        <translation>32 位</translation>
    </message>
    <message>
        <source>Every weight as a 32-bit float: exact, four bytes a weight, for measuring only.</source>
        <translation>每个权重为 32 位浮点数：精确，每个权重四字节，仅用于测量。</translation>
    </message>
    <message>
        <source>16-bit (bf16)</source>
        <translation>16 位（bf16）</translation>
    </message>
    <message>
        <source>The weights as most models publish them: two bytes a weight, nothing lost.</source>
        <translation>多数模型发布时的权重格式：每个权重两字节，没有损失。</translation>
    </message>
    <message>
        <source>16-bit (f16)</source>
        <translation>16 位（f16）</translation>
    </message>
    <message>
        <source>Half floats: two bytes a weight, finer steps and a smaller range than bf16.</source>
        <translation>半精度浮点：每个权重两字节，比 bf16 步长更细、范围更小。</translation>
    </message>
    <message>
        <source>8-bit</source>
        <translation>8 位</translation>
    </message>
    <message>
        <source>Half the memory of 16-bit; the answers can hardly be told apart.</source>
        <translation>内存为 16 位的一半；回答几乎没有差别。</translation>
    </message>
    <message>
        <source>4-bit (k/v 8-bit)</source>
        <translation>4 位（k/v 8 位）</translation>
    </message>
    <message>
        <source>4-bit weights, with the small and sensitive k and v matrices at 8 bits: recommended.</source>
        <translation>4 位权重，体积小而敏感的 k、v 矩阵用 8 位：推荐。</translation>
    </message>
    <message>
        <source>4-bit</source>
        <translation>4 位</translation>
    </message>
    <message>
        <source>A little more than a quarter of the memory of 16-bit, with some loss of quality.</source>
        <translation>内存略多于 16 位的四分之一，质量有一些损失。</translation>
    </message>
    <message>
        <source>NF4</source>
        <translation>NF4</translation>
    </message>
    <message>
        <source>The 4-bit format of bitsandbytes and QLoRA, bit for bit.</source>
        <translation>bitsandbytes 和 QLoRA 的 4 位格式，逐位一致。</translation>
    </message>
    <message>
        <source>NF4, double quantization</source>
        <translation>NF4，双重量化</translation>
    </message>
    <message>
        <source>NF4 with its scales in 8 bits as well: the smallest, as bitsandbytes does it.</source>
        <translation>NF4，缩放系数也用 8 位：体积最小，与 bitsandbytes 相同。</translation>
    </message>
</context>
<context>
    <name>nibble::AnswersView</name>
    <message>
        <source>&amp;Prompt:</source>
        <translation>提示词(&amp;P)：</translation>
    </message>
    <message>
        <source>Prompt whose answers are shown</source>
        <translation>显示其回答的提示词</translation>
    </message>
    <message>
        <source>The answers of every precision will stand here side by side.</source>
        <translation>各精度的回答将并排显示在这里。</translation>
    </message>
    <message>
        <source>Answer of %1</source>
        <translation>%1 的回答</translation>
    </message>
    <message>
        <source>reference</source>
        <translation>参考</translation>
    </message>
    <message>
        <source>same answer</source>
        <translation>回答相同</translation>
    </message>
    <message>
        <source>differs from character %1</source>
        <translation>从第 %1 个字符起不同</translation>
    </message>
    <message>
        <source>Decoded tokens a second, seconds until the first token, and where the answer first differs from the reference&apos;s</source>
        <translation>每秒解码词元数、到首个词元的秒数，以及回答与参考首次不同之处</translation>
    </message>
    <message>
        <source>%1 tok/s · %2 s · %3</source>
        <translation>%1 词元/秒 · %2 秒 · %3</translation>
    </message>
</context>
<context>
    <name>nibble::BudgetBar</name>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>workspace</source>
        <translation>工作区</translation>
    </message>
    <message>
        <source>CUDA context</source>
        <translation>CUDA 上下文</translation>
    </message>
    <message>
        <source>others</source>
        <translation>其他程序</translation>
    </message>
    <message>
        <source>Memory budget</source>
        <translation>内存预算</translation>
    </message>
    <message>
        <source>%1; %2 in all</source>
        <translation>%1；共 %2</translation>
    </message>
</context>
<context>
    <name>nibble::Chart</name>
    <message>
        <source>Show the numbers as a table</source>
        <translation>以表格显示数值</translation>
    </message>
    <message>
        <source>Copy image</source>
        <translation>复制图片</translation>
    </message>
    <message>
        <source>Copy as CSV</source>
        <translation>复制为 CSV</translation>
    </message>
    <message>
        <source>Save as PNG…</source>
        <translation>保存为 PNG…</translation>
    </message>
    <message>
        <source>Save as SVG…</source>
        <translation>保存为 SVG…</translation>
    </message>
    <message>
        <source>Save the chart</source>
        <translation>保存图表</translation>
    </message>
    <message>
        <source>SVG (*.svg)</source>
        <translation>SVG (*.svg)</translation>
    </message>
    <message>
        <source>PNG (*.png)</source>
        <translation>PNG (*.png)</translation>
    </message>
    <message>
        <source>%1 could not be written. Choose another folder.</source>
        <translation>无法写入 %1。请选择其他文件夹。</translation>
    </message>
</context>
<context>
    <name>nibble::ChatDelegate</name>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>最近 7 天</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>最近 30 天</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>更早</translation>
    </message>
</context>
<context>
    <name>nibble::ChatPage</name>
    <message>
        <source>The file of chats was damaged. It is kept as %1, and a new one was begun.</source>
        <translation>对话文件已损坏，已保留为 %1，并新建了一个文件。</translation>
    </message>
    <message numerus="yes">
        <source>%n answer(s) had been interrupted; what had arrived is kept.</source>
        <translation>
            <numerusform>有 %n 条回答曾被中断；已收到的内容都保留着。</numerusform>
        </translation>
    </message>
    <message>
        <source>The chats cannot be read or written. %1</source>
        <translation>无法读写对话。%1</translation>
    </message>
</context>
<context>
    <name>nibble::ChatSidebar</name>
    <message>
        <source>Rename …</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Export as Markdown …</source>
        <translation>导出为 Markdown…</translation>
    </message>
    <message>
        <source>Export as JSON …</source>
        <translation>导出为 JSON…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Rename the chat</source>
        <translation>重命名对话</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>标题</translation>
    </message>
    <message>
        <source>The chat is deleted.</source>
        <translation>对话已删除。</translation>
    </message>
    <message>
        <source>Delete all chats?</source>
        <translation>删除全部对话？</translation>
    </message>
    <message>
        <source>All conversations disappear from the list. You can undo it right afterwards.</source>
        <translation>所有对话将从列表中消失。之后可以立即撤销。</translation>
    </message>
    <message>
        <source>Delete all</source>
        <translation>全部删除</translation>
    </message>
    <message>
        <source>All chats are deleted.</source>
        <translation>全部对话已删除。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Saved to %1</source>
        <translation>已保存到 %1</translation>
    </message>
    <message>
        <source>The file cannot be written: %1</source>
        <translation>无法写入文件：%1</translation>
    </message>
    <message>
        <source>Export as Markdown</source>
        <translation>导出为 Markdown</translation>
    </message>
    <message>
        <source>Markdown (*.md)</source>
        <translation>Markdown (*.md)</translation>
    </message>
    <message>
        <source>Export as JSON</source>
        <translation>导出为 JSON</translation>
    </message>
    <message>
        <source>JSON (*.json)</source>
        <translation>JSON (*.json)</translation>
    </message>
    <message>
        <source>Import chats</source>
        <translation>导入对话</translation>
    </message>
    <message numerus="yes">
        <source>%n chat(s) imported.</source>
        <translation>
            <numerusform>已导入 %n 个对话。</numerusform>
        </translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Search in all titles and messages (Ctrl+F)</source>
        <translation>在所有标题和消息中搜索 (Ctrl+F)</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>对话列表</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>New chat (Ctrl+N)</source>
        <translation>新建对话 (Ctrl+N)</translation>
    </message>
    <message>
        <source>Your conversations will be listed here.</source>
        <translation>你的对话将列在这里。</translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation>没有找到。</translation>
    </message>
</context>
<context>
    <name>nibble::ChatView</name>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>To the end</source>
        <translation>到末尾</translation>
    </message>
</context>
<context>
    <name>nibble::CodeBlock</name>
    <message>
        <source>Copy this code</source>
        <translation>复制这段代码</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
</context>
<context>
    <name>nibble::ComparePage</name>
    <message>
        <source>Done. Kept among the comparisons.</source>
        <translation>完成，已存入比较记录。</translation>
    </message>
    <message>
        <source>Stopped; what was done is kept.</source>
        <translation>已停止；已完成的部分保留着。</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Table and chart</source>
        <translation>表格与图表</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>Training curves</source>
        <translation>训练曲线</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Save the table, the answers or the chart</source>
        <translation>保存表格、回答或图表</translation>
    </message>
    <message>
        <source>Comparison as a table</source>
        <translation>比较表格</translation>
    </message>
    <message>
        <source>Progress of the comparison</source>
        <translation>比较进度</translation>
    </message>
    <message>
        <source>Memory against quality</source>
        <translation>内存与质量</translation>
    </message>
    <message>
        <source>Memory against quality will appear here; the size of a bubble is its speed.</source>
        <translation>内存与质量的关系将显示在这里；气泡大小表示速度。</translation>
    </message>
    <message>
        <source>Distribution of weight errors</source>
        <translation>权重误差分布</translation>
    </message>
    <message>
        <source>weight error, in units of the row&apos;s RMS</source>
        <translation>权重误差（以行均方根为单位）</translation>
    </message>
    <message>
        <source>share</source>
        <translation>占比</translation>
    </message>
    <message>
        <source>How far the quantized weights are from the original ones will appear here.</source>
        <translation>量化权重与原权重的差距将显示在这里。</translation>
    </message>
    <message>
        <source>Distribution of logit errors</source>
        <translation>logit 误差分布</translation>
    </message>
    <message>
        <source>logit error against the reference</source>
        <translation>相对参考的 logit 误差</translation>
    </message>
    <message>
        <source>How far the logits are from the reference&apos;s will appear here, once quality is measured.</source>
        <translation>测量质量之后，logit 与参考的差距将显示在这里。</translation>
    </message>
    <message>
        <source>Table and answers as Markdown…</source>
        <translation>表格和回答存为 Markdown…</translation>
    </message>
    <message>
        <source>Table as CSV…</source>
        <translation>表格存为 CSV…</translation>
    </message>
    <message>
        <source>Chart as PNG…</source>
        <translation>图表存为 PNG…</translation>
    </message>
    <message>
        <source>Chart as SVG…</source>
        <translation>图表存为 SVG…</translation>
    </message>
    <message>
        <source>Choose at least one model and one precision.</source>
        <translation>请至少选择一个模型和一种精度。</translation>
    </message>
    <message>
        <source>memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>mean KL, nats</source>
        <translation>平均 KL（nat）</translation>
    </message>
    <message>
        <source>bits per weight</source>
        <translation>每权重位数</translation>
    </message>
    <message>
        <source>tok/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>Export the comparison</source>
        <translation>导出比较</translation>
    </message>
    <message>
        <source>CSV (*.csv)</source>
        <translation>CSV (*.csv)</translation>
    </message>
    <message>
        <source>Markdown (*.md)</source>
        <translation>Markdown (*.md)</translation>
    </message>
    <message>
        <source>%1 could not be written: %2</source>
        <translation>无法写入 %1：%2</translation>
    </message>
    <message>
        <source>Saved %1</source>
        <translation>已保存 %1</translation>
    </message>
</context>
<context>
    <name>nibble::ComparisonSetup</name>
    <message>
        <source>&amp;Models</source>
        <translation>模型(&amp;M)</translation>
    </message>
    <message>
        <source>P&amp;recisions (the first is the reference)</source>
        <translation>精度（第一个为参考）(&amp;R)</translation>
    </message>
    <message>
        <source>Prom&amp;pts, one a line</source>
        <translation>提示词，每行一条(&amp;P)</translation>
    </message>
    <message>
        <source>Tell me a short story about a red ball.</source>
        <translation>给我讲一个关于红球的小故事。</translation>
    </message>
    <message>
        <source>Prompts from a file…</source>
        <translation>从文件读取提示词…</translation>
    </message>
    <message>
        <source>&amp;Tokens</source>
        <translation>词元(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Seed</source>
        <translation>种子(&amp;S)</translation>
    </message>
    <message>
        <source>Measure quality on a text (perplexity, KL)</source>
        <translation>用文本测量质量（困惑度、KL）</translation>
    </message>
    <message>
        <source>A plain text file</source>
        <translation>纯文本文件</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>&amp;Bytes of it</source>
        <translation>取用字节数(&amp;B)</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Load each precision in turn, answer every prompt, measure</source>
        <translation>依次加载各精度，回答每条提示词并测量</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Kept comparisons</source>
        <translation>保存的比较(&amp;K)</translation>
    </message>
    <message>
        <source>Delete the chosen one</source>
        <translation>删除所选</translation>
    </message>
    <message>
        <source>Models to compare</source>
        <translation>要比较的模型</translation>
    </message>
    <message>
        <source>Precisions to compare</source>
        <translation>要比较的精度</translation>
    </message>
    <message>
        <source>Prompts, one a line</source>
        <translation>提示词，每行一条</translation>
    </message>
    <message>
        <source>Tokens of an answer</source>
        <translation>每条回答的词元数</translation>
    </message>
    <message>
        <source>Seed of the sampler</source>
        <translation>采样种子</translation>
    </message>
    <message>
        <source>Text to measure on</source>
        <translation>用于测量的文本</translation>
    </message>
    <message>
        <source>Bytes of the text</source>
        <translation>文本字节数</translation>
    </message>
    <message>
        <source>Kept comparisons</source>
        <translation>保存的比较</translation>
    </message>
    <message>
        <source>Prompts from a file</source>
        <translation>从文件读取提示词</translation>
    </message>
    <message>
        <source>Text, one prompt a line (*.txt);;All files (*)</source>
        <translation>文本，每行一条提示词 (*.txt);;所有文件 (*)</translation>
    </message>
    <message>
        <source>%1 could not be read: %2</source>
        <translation>无法读取 %1：%2</translation>
    </message>
    <message>
        <source>A text to measure on</source>
        <translation>用于测量的文本</translation>
    </message>
    <message>
        <source>Text (*.txt *.md);;All files (*)</source>
        <translation>文本 (*.txt *.md);;所有文件 (*)</translation>
    </message>
</context>
<context>
    <name>nibble::ComparisonTableModel</name>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>The format the weights are held in</source>
        <translation>保存权重的格式</translation>
    </message>
    <message>
        <source>Bits/weight</source>
        <translation>位/权重</translation>
    </message>
    <message>
        <source>Bits per weight of the layers&apos; matrices, scales included</source>
        <translation>各层矩阵的每权重位数，含缩放系数</translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation>预计</translation>
    </message>
    <message>
        <source>Memory as planned before loading</source>
        <translation>加载前计划的内存</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>Memory taken on the device after loading</source>
        <translation>加载后设备上占用的内存</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Seconds to load and quantize</source>
        <translation>加载与量化的秒数</translation>
    </message>
    <message>
        <source>tok/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>Decoded tokens a second, the mean over the prompts</source>
        <translation>每秒解码词元数，各提示词的平均</translation>
    </message>
    <message>
        <source>First token</source>
        <translation>首个词元</translation>
    </message>
    <message>
        <source>Seconds until the first token, the mean over the prompts</source>
        <translation>到首个词元的秒数，各提示词的平均</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>困惑度</translation>
    </message>
    <message>
        <source>How surprised the model is by the text; lower is better</source>
        <translation>模型对文本的意外程度；越低越好</translation>
    </message>
    <message>
        <source>KL</source>
        <translation>KL</translation>
    </message>
    <message>
        <source>Mean KL divergence to the reference, in nats a token; 0 is identical</source>
        <translation>与参考的平均 KL 散度（每词元 nat）；0 表示相同</translation>
    </message>
    <message>
        <source>Same top</source>
        <translation>首选一致</translation>
    </message>
    <message>
        <source>Share of positions whose likeliest token is the reference&apos;s</source>
        <translation>最可能词元与参考相同的位置占比</translation>
    </message>
    <message>
        <source>Retention</source>
        <translation>保持率</translation>
    </message>
    <message>
        <source>Perplexity of the reference divided by this one&apos;s</source>
        <translation>参考困惑度除以本项困惑度</translation>
    </message>
</context>
<context>
    <name>nibble::CurveChart</name>
    <message>
        <source>relative error, %</source>
        <translation>相对误差，%</translation>
    </message>
    <message>
        <source>%1 % limit</source>
        <translation>%1 % 界线</translation>
    </message>
    <message>
        <source>curve</source>
        <translation>曲线</translation>
    </message>
</context>
<context>
    <name>nibble::LoadForm</name>
    <message>
        <source>&amp;Model</source>
        <translation>模型(&amp;M)</translation>
    </message>
    <message>
        <source>The models in the folders you added, and the one that comes with the program</source>
        <translation>你添加的文件夹中的模型，以及随程序附带的模型</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Add a folder of models (or drop one onto the window)</source>
        <translation>添加模型文件夹（也可拖放到窗口）</translation>
    </message>
    <message>
        <source>Add a folder of models</source>
        <translation>添加模型文件夹</translation>
    </message>
    <message>
        <source>&amp;Precision</source>
        <translation>精度(&amp;P)</translation>
    </message>
    <message>
        <source>How many bits each weight is kept in: fewer need less memory and lose some quality.</source>
        <translation>每个权重保存的位数：越少越省内存，质量有所损失。</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>&amp;Context</source>
        <translation>上下文(&amp;C)</translation>
    </message>
    <message>
        <source>How many tokens of a conversation the model can see at once; each takes memory.</source>
        <translation>模型一次能看到的对话词元数；每个词元都占用内存。</translation>
    </message>
    <message>
        <source>Context in tokens</source>
        <translation>上下文词元数</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Cache, compute type, device</source>
        <translation>缓存、计算类型、设备</translation>
    </message>
    <message>
        <source>&amp;KV cache</source>
        <translation>KV 缓存(&amp;K)</translation>
    </message>
    <message>
        <source>16-bit</source>
        <translation>16 位</translation>
    </message>
    <message>
        <source>8-bit</source>
        <translation>8 位</translation>
    </message>
    <message>
        <source>4-bit</source>
        <translation>4 位</translation>
    </message>
    <message>
        <source>32-bit</source>
        <translation>32 位</translation>
    </message>
    <message>
        <source>How the memory of the conversation is kept: 8 bits halve it at almost no loss.</source>
        <translation>对话记忆的保存方式：8 位可减半，几乎没有损失。</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>C&amp;ompute type</source>
        <translation>计算类型(&amp;O)</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>The number type products are computed in; sums are always kept in 32 bits.</source>
        <translation>乘法所用的数值类型；求和始终用 32 位。</translation>
    </message>
    <message>
        <source>Compute type</source>
        <translation>计算类型</translation>
    </message>
    <message>
        <source>&amp;Activations</source>
        <translation>激活值(&amp;A)</translation>
    </message>
    <message>
        <source>%1-bit</source>
        <translation>%1 位</translation>
    </message>
    <message>
        <source>How values between layers are rounded in products while answering: 8 bits are faster.</source>
        <translation>回答时层间数值在乘法中的取整方式：8 位更快。</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>激活值</translation>
    </message>
    <message>
        <source>&amp;Device</source>
        <translation>设备(&amp;D)</translation>
    </message>
    <message>
        <source>Where the model runs</source>
        <translation>模型在哪里运行</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>&amp;Threads</source>
        <translation>线程(&amp;T)</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Processor threads; “all” uses every core.</source>
        <translation>处理器线程数；“全部”使用所有核心。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>&amp;Embedding in main memory</source>
        <translation>词嵌入放在主内存(&amp;E)</translation>
    </message>
    <message>
        <source>Keeps the word table out of the graphics card: one row a token is read over the bus.</source>
        <translation>词表不放入显存：每个词元经总线读取一行。</translation>
    </message>
</context>
<context>
    <name>nibble::LogHistory</name>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Area</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>nibble::LogPanel</name>
    <message>
        <source>Debug and above</source>
        <translation>调试及以上</translation>
    </message>
    <message>
        <source>Info and above</source>
        <translation>信息及以上</translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation>警告与错误</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>Lowest level shown</source>
        <translation>显示的最低级别</translation>
    </message>
    <message>
        <source>Search the log</source>
        <translation>搜索日志</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>全部复制</translation>
    </message>
    <message>
        <source>Copy every line; the log holds no text of your chats</source>
        <translation>复制所有行；日志不包含你的对话内容</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清空</translation>
    </message>
    <message>
        <source>Log lines</source>
        <translation>日志行</translation>
    </message>
</context>
<context>
    <name>nibble::LossCurvesPanel</name>
    <message>
        <source>First run…</source>
        <translation>第一次训练…</translation>
    </message>
    <message>
        <source>Second run…</source>
        <translation>第二次训练…</translation>
    </message>
    <message>
        <source>A training log: one JSON object a line with &quot;step&quot; and &quot;loss&quot;</source>
        <translation>训练日志：每行一个含“step”和“loss”的 JSON 对象</translation>
    </message>
    <message>
        <source>Training losses and their relative error</source>
        <translation>训练损失及其相对误差</translation>
    </message>
    <message>
        <source>step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Open two training logs to see their losses over each other, and how far the second is from the first.</source>
        <translation>打开两份训练日志，叠加查看其损失以及第二份与第一份的差距。</translation>
    </message>
    <message>
        <source>Open a training log</source>
        <translation>打开训练日志</translation>
    </message>
    <message>
        <source>JSON lines (*.jsonl *.json *.log);;All files (*)</source>
        <translation>JSON 行 (*.jsonl *.json *.log);;所有文件 (*)</translation>
    </message>
    <message>
        <source>The two runs share no step.</source>
        <translation>两次训练没有共同的步。</translation>
    </message>
    <message numerus="yes">
        <source>%n shared step(s): mean relative error %1 %, largest %2 %, %3 % of the steps within 2 %.</source>
        <translation>
            <numerusform>共同步数 %n：平均相对误差 %1 %，最大 %2 %，%3 % 的步在 2 % 以内。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>nibble::MainWindow</name>
    <message>
        <source>Panels</source>
        <translation>面板</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>Theme: as the system</source>
        <translation>主题：跟随系统</translation>
    </message>
    <message>
        <source>Theme: light</source>
        <translation>主题：浅色</translation>
    </message>
    <message>
        <source>Theme: dark</source>
        <translation>主题：深色</translation>
    </message>
    <message>
        <source>Switch the language</source>
        <translation>切换语言</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>菜单</translation>
    </message>
    <message>
        <source>Nibble: %1 · %2</source>
        <translation>Nibble：%1 · %2</translation>
    </message>
    <message>
        <source>Nibble</source>
        <translation>Nibble</translation>
    </message>
</context>
<context>
    <name>nibble::MessageWidget</name>
    <message>
        <source> · first token %1</source>
        <translation> · 首个词元 %1</translation>
    </message>
    <message numerus="yes">
        <source> · %n token(s)</source>
        <translation>
            <numerusform> · %n 个词元</numerusform>
        </translation>
    </message>
    <message>
        <source>The program ended before this answer was complete; this is what had arrived.</source>
        <translation>程序在回答完成前结束；这是已收到的内容。</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Copy this message</source>
        <translation>复制这条消息</translation>
    </message>
    <message>
        <source>Edit and ask again</source>
        <translation>编辑并重新提问</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Version before</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Version after</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>Edit the message</source>
        <translation>编辑消息</translation>
    </message>
    <message>
        <source>Ask again</source>
        <translation>重新提问</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>nibble::ModelDock</name>
    <message numerus="yes">
        <source>%n model(s) found.</source>
        <translation>
            <numerusform>找到 %n 个模型。</numerusform>
        </translation>
    </message>
    <message>
        <source>Add a folder of models</source>
        <translation>添加模型文件夹</translation>
    </message>
    <message>
        <source>Load instead</source>
        <translation>改为加载</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>%1 of %2 free: fits</source>
        <translation>需要 %1，可用 %2：放得下</translation>
    </message>
    <message>
        <source>%1 needed, %2 free: does not fit</source>
        <translation>需要 %1，可用 %2：放不下</translation>
    </message>
    <message>
        <source>Others: %1</source>
        <translation>其他程序：%1</translation>
    </message>
    <message>
        <source>Loaded: %1, %2, context %3, on %4.</source>
        <translation>已加载：%1，%2，上下文 %3，设备 %4。</translation>
    </message>
    <message>
        <source>Predicted %1, used %2, in %3.</source>
        <translation>预计 %1，实际 %2，用时 %3。</translation>
    </message>
    <message>
        <source>Warning: %1</source>
        <translation>警告：%1</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>Reserving memory</source>
        <translation>预留内存</translation>
    </message>
    <message>
        <source>Quantizing</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Warming up</source>
        <translation>预热</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>: %1 of %2</source>
        <translation>：%1 / %2</translation>
    </message>
    <message>
        <source>Make it fit</source>
        <translation>设法放下</translation>
    </message>
    <message>
        <source>Choose another model …</source>
        <translation>选择其他模型…</translation>
    </message>
    <message>
        <source>Choose another device</source>
        <translation>选择其他设备</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Show the log</source>
        <translation>显示日志</translation>
    </message>
    <message>
        <source>%1 %2: predicted %3, used %4 (%5 %)</source>
        <translation>%1 %2：预计 %3，实际 %4（%5 %）</translation>
    </message>
    <message>
        <source>Last loads</source>
        <translation>最近的加载</translation>
    </message>
    <message>
        <source>, 8-bit cache</source>
        <translation>，8 位缓存</translation>
    </message>
    <message>
        <source>, embedding in main memory</source>
        <translation>，词嵌入放在主内存</translation>
    </message>
    <message>
        <source>, on the processor</source>
        <translation>，用处理器</translation>
    </message>
    <message>
        <source>%1, context %2%3%4: %5</source>
        <translation>%1，上下文 %2%3%4：%5</translation>
    </message>
    <message>
        <source>Nothing fits: close other programs or choose a smaller model.</source>
        <translation>都放不下：请关闭其他程序或选择更小的模型。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop loading; what was loaded before stays usable</source>
        <translation>停止加载；之前加载的仍可使用</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>卸载</translation>
    </message>
    <message>
        <source>Give the memory back</source>
        <translation>归还内存</translation>
    </message>
    <message>
        <source>Load the chosen model (Ctrl+L)</source>
        <translation>加载所选模型 (Ctrl+L)</translation>
    </message>
    <message>
        <source>Three ways to load it that fit, and what each costs</source>
        <translation>三种放得下的加载方式及其代价</translation>
    </message>
    <message>
        <source>Load anyway</source>
        <translation>仍然加载</translation>
    </message>
    <message>
        <source>Try although the plan says that it does not fit</source>
        <translation>即使计划显示放不下也尝试</translation>
    </message>
    <message>
        <source>Loading progress</source>
        <translation>加载进度</translation>
    </message>
</context>
<context>
    <name>nibble::MonitorPanel</name>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>workspace</source>
        <translation>工作区</translation>
    </message>
    <message>
        <source>CUDA context</source>
        <translation>CUDA 上下文</translation>
    </message>
    <message>
        <source>other programs</source>
        <translation>其他程序</translation>
    </message>
    <message>
        <source>free</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>5 minutes</source>
        <translation>5 分钟</translation>
    </message>
    <message>
        <source>30 minutes</source>
        <translation>30 分钟</translation>
    </message>
    <message>
        <source>6 hours</source>
        <translation>6 小时</translation>
    </message>
    <message>
        <source>24 hours</source>
        <translation>24 小时</translation>
    </message>
    <message>
        <source>Time shown</source>
        <translation>显示的时间</translation>
    </message>
    <message>
        <source>How far back the charts reach</source>
        <translation>图表回溯多久</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Stop the charts from moving; nothing is lost</source>
        <translation>停止图表移动；数据不会丢失</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>Show the numbers as a table</source>
        <translation>以表格显示数值</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the numbers or the picture of a chart</source>
        <translation>复制图表的数值或图片</translation>
    </message>
    <message>
        <source>Memory over time, by part</source>
        <translation>各部分内存随时间变化</translation>
    </message>
    <message>
        <source>Tokens a second over time</source>
        <translation>每秒词元数随时间变化</translation>
    </message>
    <message>
        <source>Memory by part will appear here: weights, KV cache, workspace, other programs.</source>
        <translation>各部分内存将显示在这里：权重、KV 缓存、工作区、其他程序。</translation>
    </message>
    <message>
        <source>Tokens a second will appear here once a model answers.</source>
        <translation>模型回答后，这里将显示每秒词元数。</translation>
    </message>
    <message>
        <source>decode, tok/s</source>
        <translation>解码，词元/秒</translation>
    </message>
    <message>
        <source>read, GB/s</source>
        <translation>读取，GB/s</translation>
    </message>
    <message>
        <source>prefill, tok/s (right)</source>
        <translation>预填充，词元/秒（右）</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Memory as CSV</source>
        <translation>内存（CSV）</translation>
    </message>
    <message>
        <source>Memory as picture</source>
        <translation>内存（图片）</translation>
    </message>
    <message>
        <source>Speed as CSV</source>
        <translation>速度（CSV）</translation>
    </message>
    <message>
        <source>Speed as picture</source>
        <translation>速度（图片）</translation>
    </message>
    <message>
        <source>%1 in all</source>
        <translation>共 %1</translation>
    </message>
    <message>
        <source>loaded</source>
        <translation>已加载</translation>
    </message>
    <message>
        <source>unloaded</source>
        <translation>已卸载</translation>
    </message>
    <message>
        <source>first token</source>
        <translation>首个词元</translation>
    </message>
    <message>
        <source>out of memory avoided</source>
        <translation>避免了内存不足</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Memory: %1</source>
        <translation>内存：%1</translation>
    </message>
    <message>
        <source>Speed: decode %1 tok/s · prefill %2 tok/s · %3 GB/s</source>
        <translation>速度：解码 %1 词元/秒 · 预填充 %2 词元/秒 · %3 GB/s</translation>
    </message>
</context>
<context>
    <name>nibble::PromptBox</name>
    <message>
        <source>Precise</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>均衡</translation>
    </message>
    <message>
        <source>Creative</source>
        <translation>创意</translation>
    </message>
    <message>
        <source>Always the likeliest word</source>
        <translation>始终取最可能的词</translation>
    </message>
    <message>
        <source>Own values</source>
        <translation>自定义</translation>
    </message>
    <message>
        <source>The model&apos;s own</source>
        <translation>模型默认</translation>
    </message>
    <message>
        <source>Waiting for other work to finish …</source>
        <translation>等待其他工作完成…</translation>
    </message>
    <message>
        <source>Reading the prompt: %1 of %2 tokens</source>
        <translation>正在读取提示词：%1 / %2 个词元</translation>
    </message>
    <message>
        <source>Reading the prompt …</source>
        <translation>正在读取提示词…</translation>
    </message>
    <message>
        <source>Answering in another chat</source>
        <translation>正在另一个对话中回答</translation>
    </message>
    <message>
        <source>%1 of %2 tokens</source>
        <translation>%1 / %2 个词元</translation>
    </message>
    <message>
        <source>The context is nearly full: begin a new chat, or load the model with a larger context.</source>
        <translation>上下文快满了：请新建对话，或用更大的上下文加载模型。</translation>
    </message>
    <message>
        <source>Tokens of this conversation, of those the loaded context holds</source>
        <translation>此对话的词元数 / 已加载上下文可容纳的词元数</translation>
    </message>
    <message>
        <source>Ask anything …</source>
        <translation>随便问点什么…</translation>
    </message>
    <message>
        <source>Your message</source>
        <translation>你的消息</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter begins a new line</source>
        <translation>Enter 发送，Shift+Enter 换行</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Send (Enter)</source>
        <translation>发送 (Enter)</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop the answer (Esc)</source>
        <translation>停止回答 (Esc)</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>System prompt ✓</source>
        <translation>系统提示词 ✓</translation>
    </message>
    <message>
        <source>What the model is told before the conversation</source>
        <translation>对话之前告诉模型的内容</translation>
    </message>
    <message>
        <source>Sampling: %1</source>
        <translation>采样：%1</translation>
    </message>
    <message>
        <source>How the next word is chosen</source>
        <translation>如何选择下一个词</translation>
    </message>
    <message>
        <source>Show prompt</source>
        <translation>查看提示词</translation>
    </message>
    <message>
        <source>The text the model really gets, cut into tokens</source>
        <translation>模型实际收到的文本，按词元切分</translation>
    </message>
</context>
<context>
    <name>nibble::RenderedPromptDialog</name>
    <message>
        <source>The prompt as the model gets it</source>
        <translation>模型收到的提示词</translation>
    </message>
    <message>
        <source>Applying the template …</source>
        <translation>正在套用模板…</translation>
    </message>
    <message>
        <source>Prompt, cut into tokens</source>
        <translation>按词元切分的提示词</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message numerus="yes">
        <source>%n token(s). Shades show where one ends and the next begins.</source>
        <translation>
            <numerusform>%n 个词元。深浅表示词元的边界。</numerusform>
        </translation>
    </message>
    <message>
        <source>The first %1 are shown.</source>
        <translation>只显示前 %1 个。</translation>
    </message>
</context>
<context>
    <name>nibble::SamplingDialog</name>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>&amp;Temperature</source>
        <translation>温度(&amp;T)</translation>
    </message>
    <message>
        <source>Higher is more surprising; 0 always takes the likeliest word.</source>
        <translation>越高越出人意料；0 始终取最可能的词。</translation>
    </message>
    <message>
        <source>Top-&amp;k</source>
        <translation>Top-&amp;k</translation>
    </message>
    <message>
        <source>Only the k likeliest words are drawn from; 0 is all of them.</source>
        <translation>只从最可能的 k 个词中抽取；0 表示全部。</translation>
    </message>
    <message>
        <source>Top-&amp;p</source>
        <translation>Top-&amp;p</translation>
    </message>
    <message>
        <source>Only the likeliest words that together reach this probability are drawn from; 1 is all of them.</source>
        <translation>只从累计概率达到该值的最可能词中抽取；1 表示全部。</translation>
    </message>
    <message>
        <source>&amp;Min-p</source>
        <translation>&amp;Min-p</translation>
    </message>
    <message>
        <source>Words less likely than this share of the likeliest one are never drawn; 0 is off.</source>
        <translation>概率低于最可能词这一比例的词不会被抽取；0 为关闭。</translation>
    </message>
    <message>
        <source>&amp;Repetition penalty</source>
        <translation>重复惩罚(&amp;R)</translation>
    </message>
    <message>
        <source>Above 1, words that have occurred become less likely.</source>
        <translation>大于 1 时，出现过的词概率降低。</translation>
    </message>
    <message>
        <source>Pr&amp;esence penalty</source>
        <translation>出现惩罚(&amp;E)</translation>
    </message>
    <message>
        <source>Taken once from every word that has occurred in the answer.</source>
        <translation>对回答中出现过的每个词扣除一次。</translation>
    </message>
    <message>
        <source>&amp;Frequency penalty</source>
        <translation>频率惩罚(&amp;F)</translation>
    </message>
    <message>
        <source>Taken from a word for each time it has occurred in the answer.</source>
        <translation>按词在回答中出现的次数扣除。</translation>
    </message>
    <message>
        <source>&amp;Longest answer, tokens</source>
        <translation>最长回答，词元(&amp;L)</translation>
    </message>
    <message>
        <source>An answer ends here even if it is not finished.</source>
        <translation>回答到此为止，即使尚未说完。</translation>
    </message>
    <message>
        <source>different every time</source>
        <translation>每次不同</translation>
    </message>
    <message>
        <source>The same number gives the same answer again.</source>
        <translation>相同的数字会得到相同的回答。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>&amp;Seed</source>
        <translation>种子(&amp;S)</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>nibble::ScatterChart</name>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
</context>
<context>
    <name>nibble::SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>主题(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>语言(&amp;L)</translation>
    </message>
    <message>
        <source>Text &amp;size</source>
        <translation>文字大小(&amp;S)</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Normal</source>
        <translation>标准</translation>
    </message>
    <message>
        <source>Large</source>
        <translation>大</translation>
    </message>
    <message>
        <source>Very large</source>
        <translation>特大</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>All chats</source>
        <translation>全部对话</translation>
    </message>
    <message>
        <source>&amp;Export …</source>
        <translation>导出(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Import …</source>
        <translation>导入(&amp;I)…</translation>
    </message>
    <message>
        <source>&amp;Delete all …</source>
        <translation>全部删除(&amp;D)…</translation>
    </message>
    <message>
        <source>Kept in</source>
        <translation>保存位置</translation>
    </message>
    <message>
        <source>Nibble sends nothing over the network. Models, chats and figures stay on this computer.</source>
        <translation>Nibble 不会通过网络发送任何内容。模型、对话和数据都留在本机。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>nibble::ShortcutsDialog</name>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Send the message</source>
        <translation>发送消息</translation>
    </message>
    <message>
        <source>Shift+Enter</source>
        <translation>Shift+Enter</translation>
    </message>
    <message>
        <source>New line</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Stop the answer</source>
        <translation>停止回答</translation>
    </message>
    <message>
        <source>F2</source>
        <translation>F2</translation>
    </message>
    <message>
        <source>Rename the chosen chat</source>
        <translation>重命名所选对话</translation>
    </message>
    <message>
        <source>Del</source>
        <translation>Del</translation>
    </message>
    <message>
        <source>Delete the chosen chat</source>
        <translation>删除所选对话</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>What they do</source>
        <translation>作用</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>nibble::StartPage</name>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>Ask something</source>
        <translation>问点什么</translation>
    </message>
    <message>
        <source>%1 is loaded and runs on this computer. Nothing you write leaves it.</source>
        <translation>%1 已加载，在本机运行。你写的内容不会离开这台电脑。</translation>
    </message>
    <message>
        <source>Chat with a language model on this computer</source>
        <translation>在本机与语言模型对话</translation>
    </message>
    <message>
        <source>A small story-telling model comes with the program: load it to try everything. Your own models are folders with config.json and safetensors files.</source>
        <translation>程序自带一个讲英文小故事的小模型：加载它即可试用全部功能。你自己的模型是含 config.json 和 safetensors 文件的文件夹。</translation>
    </message>
    <message>
        <source>Add a model: a folder with config.json and safetensors files.</source>
        <translation>添加模型：含 config.json 和 safetensors 文件的文件夹。</translation>
    </message>
    <message>
        <source>Load %1 (%2)</source>
        <translation>加载 %1（%2）</translation>
    </message>
    <message>
        <source>Add a folder of models …</source>
        <translation>添加模型文件夹…</translation>
    </message>
    <message>
        <source>Loading progress</source>
        <translation>加载进度</translation>
    </message>
    <message>
        <source>Tell me a story about a red ball.</source>
        <translation>给我讲一个关于红球的故事。</translation>
    </message>
    <message>
        <source>Tell me a story about a cat and a boat.</source>
        <translation>给我讲一个关于小猫和小船的故事。</translation>
    </message>
    <message>
        <source>Why did the little bird sing in the rain?</source>
        <translation>小鸟为什么在雨中歌唱？</translation>
    </message>
</context>
<context>
    <name>nibble::SystemPromptDialog</name>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>&amp;What the model is told before this conversation:</source>
        <translation>此对话之前告诉模型的内容(&amp;W)：</translation>
    </message>
    <message>
        <source>You answer briefly and in simple words.</source>
        <translation>请用简短、浅显的话回答。</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>nibble::TextBlock</name>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Open this link?</source>
        <translation>打开此链接？</translation>
    </message>
    <message>
        <source>The answer links to:

%1</source>
        <translation>回答中的链接指向：

%1</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
</context>
<context>
    <name>nibble::TextDialog</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>nibble::TimeChart</name>
    <message>
        <source>time</source>
        <translation>时间</translation>
    </message>
</context>
</TS>
