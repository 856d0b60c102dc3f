<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>ChatTransfer</name>
    <message>
        <source>You</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Comparison</name>
    <message>
        <source>%1: done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1: loading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1: answering</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1: weight errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1: measuring quality</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Docks</name>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Monitor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ErrorText</name>
    <message>
        <source>Not enough memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not enough memory: %1 needed, %2 free.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose fewer bits per weight, a shorter context or an 8-bit KV cache, or close other programs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That cannot be done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A file is missing or cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the path, and that the model was downloaded whole.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A file is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download or copy it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A file is of a kind that Nibble does not know</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another model, or a newer version of Nibble.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The device cannot be used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the CPU, or &quot;nibble-cli devices&quot; tells what is there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The graphics card is lost to this program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing that you typed is lost: start Nibble again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model produced values that are not numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its files may be damaged; or try bf16 or f32 as compute type.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The conversation does not fit the context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load the model with a longer context, or start a new chat.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That did not work</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Help</name>
    <message>
        <source>Diagnostics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>For a report of a fault. It holds none of your messages.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nibble %1 runs large language models in a few bits per weight on this computer. It is free software under the GNU General Public License, version 3 or later, and comes without any warranty. The bundled sample model is built with Llama.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About Nibble</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ModelLibrary</name>
    <message>
        <source>GGUF files cannot be opened yet. A folder with config.json and safetensors files can.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No model was found there: a model&apos;s folder holds config.json and safetensors files.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Parts</name>
    <message>
        <source>Load a model first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To the prompt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the last answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load the chosen model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a folder of models …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export this chat as Markdown …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import chats …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete all chats …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quit</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Precision</name>
    <message>
        <source>32-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every weight as a 32-bit float: exact, four bytes a weight, for measuring only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>16-bit (bf16)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The weights as most models publish them: two bytes a weight, nothing lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>16-bit (f16)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Half floats: two bytes a weight, finer steps and a smaller range than bf16.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>8-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Half the memory of 16-bit; the answers can hardly be told apart.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>4-bit (k/v 8-bit)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>4-bit weights, with the small and sensitive k and v matrices at 8 bits: recommended.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>4-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A little more than a quarter of the memory of 16-bit, with some loss of quality.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NF4</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The 4-bit format of bitsandbytes and QLoRA, bit for bit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NF4, double quantization</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NF4 with its scales in 8 bits as well: the smallest, as bitsandbytes does it.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::AnswersView</name>
    <message>
        <source>&amp;Prompt:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prompt whose answers are shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answers of every precision will stand here side by side.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answer of %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reference</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>same answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>differs from character %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decoded tokens a second, seconds until the first token, and where the answer first differs from the reference&apos;s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 tok/s · %2 s · %3</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::BudgetBar</name>
    <message>
        <source>weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>workspace</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CUDA context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>others</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory budget</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1; %2 in all</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::Chart</name>
    <message>
        <source>Show the numbers as a table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy as CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as PNG…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as SVG…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the chart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SVG (*.svg)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PNG (*.png)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 could not be written. Choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ChatDelegate</name>
    <message>
        <source>Today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Older</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ChatPage</name>
    <message>
        <source>The file of chats was damaged. It is kept as %1, and a new one was begun.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n answer(s) had been interrupted; what had arrived is kept.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>The chats cannot be read or written. %1</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ChatSidebar</name>
    <message>
        <source>Rename …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export as Markdown …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export as JSON …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename the chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Title</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The chat is deleted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete all chats?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All conversations disappear from the list. You can undo it right afterwards.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All chats are deleted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved to %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file cannot be written: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export as Markdown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Markdown (*.md)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export as JSON</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>JSON (*.json)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import chats</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n chat(s) imported.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search in all titles and messages (Ctrl+F)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New chat (Ctrl+N)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your conversations will be listed here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ChatView</name>
    <message>
        <source>Messages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To the end</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::CodeBlock</name>
    <message>
        <source>Copy this code</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Code</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ComparePage</name>
    <message>
        <source>Done. Kept among the comparisons.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped; what was done is kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Table and chart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training curves</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the table, the answers or the chart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparison as a table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the comparison</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory against quality</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory against quality will appear here; the size of a bubble is its speed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distribution of weight errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>weight error, in units of the row&apos;s RMS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>share</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How far the quantized weights are from the original ones will appear here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distribution of logit errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>logit error against the reference</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How far the logits are from the reference&apos;s will appear here, once quality is measured.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Table and answers as Markdown…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Table as CSV…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chart as PNG…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chart as SVG…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose at least one model and one precision.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>mean KL, nats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bits per weight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tok/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export the comparison</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CSV (*.csv)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Markdown (*.md)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 could not be written: %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved %1</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ComparisonSetup</name>
    <message>
        <source>&amp;Models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>P&amp;recisions (the first is the reference)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prom&amp;pts, one a line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tell me a short story about a red ball.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prompts from a file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measure quality on a text (perplexity, KL)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A plain text file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Bytes of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load each precision in turn, answer every prompt, measure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Kept comparisons</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete the chosen one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models to compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precisions to compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prompts, one a line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tokens of an answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seed of the sampler</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text to measure on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bytes of the text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kept comparisons</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prompts from a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text, one prompt a line (*.txt);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 could not be read: %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A text to measure on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text (*.txt *.md);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ComparisonTableModel</name>
    <message>
        <source>Precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The format the weights are held in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bits/weight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bits per weight of the layers&apos; matrices, scales included</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory as planned before loading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measured</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory taken on the device after loading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seconds to load and quantize</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tok/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decoded tokens a second, the mean over the prompts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seconds until the first token, the mean over the prompts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How surprised the model is by the text; lower is better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>KL</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mean KL divergence to the reference, in nats a token; 0 is identical</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Same top</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of positions whose likeliest token is the reference&apos;s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Retention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Perplexity of the reference divided by this one&apos;s</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::CurveChart</name>
    <message>
        <source>relative error, %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 % limit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>curve</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::LoadForm</name>
    <message>
        <source>&amp;Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The models in the folders you added, and the one that comes with the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a folder of models (or drop one onto the window)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a folder of models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How many bits each weight is kept in: fewer need less memory and lose some quality.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How many tokens of a conversation the model can see at once; each takes memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Context in tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cache, compute type, device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;KV cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>16-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>8-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>4-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>32-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How the memory of the conversation is kept: 8 bits halve it at almost no loss.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>C&amp;ompute type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The number type products are computed in; sums are always kept in 32 bits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compute type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Activations</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1-bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How values between layers are rounded in products while answering: 8 bits are faster.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Activations</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where the model runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Threads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Processor threads; “all” uses every core.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Threads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Embedding in main memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keeps the word table out of the graphics card: one row a token is read over the bus.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::LogHistory</name>
    <message>
        <source>Time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Level</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Area</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Message</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::LogPanel</name>
    <message>
        <source>Debug and above</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Info and above</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lowest level shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search the log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy every line; the log holds no text of your chats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log lines</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::LossCurvesPanel</name>
    <message>
        <source>First run…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second run…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A training log: one JSON object a line with &quot;step&quot; and &quot;loss&quot;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training losses and their relative error</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>loss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open two training logs to see their losses over each other, and how far the second is from the first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a training log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>JSON lines (*.jsonl *.json *.log);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The two runs share no step.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n shared step(s): mean relative error %1 %, largest %2 %, %3 % of the steps within 2 %.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
</context>
<context>
    <name>nibble::MainWindow</name>
    <message>
        <source>Panels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme: as the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme: light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme: dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Switch the language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Menu</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nibble: %1 · %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nibble</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::MessageWidget</name>
    <message>
        <source> · first token %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source> · %n token(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>The program ended before this answer was complete; this is what had arrived.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy this message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit and ask again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Version before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Version after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit the message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ModelDock</name>
    <message numerus="yes">
        <source>%n model(s) found.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Add a folder of models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load instead</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 of %2 free: fits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 needed, %2 free: does not fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Others: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loaded: %1, %2, context %3, on %4.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted %1, used %2, in %3.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warning: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reserving memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quantizing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warming up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>: %1 of %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make it fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another model …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 %2: predicted %3, used %4 (%5 %)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last loads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, 8-bit cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, on the processor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1, context %2%3%4: %5</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing fits: close other programs or choose a smaller model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop loading; what was loaded before stays usable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unload</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the memory back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load the chosen model (Ctrl+L)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Three ways to load it that fit, and what each costs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load anyway</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try although the plan says that it does not fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading progress</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::MonitorPanel</name>
    <message>
        <source>weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>workspace</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CUDA context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>other programs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>5 minutes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>30 minutes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>6 hours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>24 hours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How far back the charts reach</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Continue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop the charts from moving; nothing is lost</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the numbers as a table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the numbers or the picture of a chart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory over time, by part</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tokens a second over time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory by part will appear here: weights, KV cache, workspace, other programs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tokens a second will appear here once a model answers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>decode, tok/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read, GB/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>prefill, tok/s (right)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory as CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory as picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed as CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed as picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 in all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>loaded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unloaded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>first token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>out of memory avoided</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed: decode %1 tok/s · prefill %2 tok/s · %3 GB/s</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::PromptBox</name>
    <message>
        <source>Precise</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Creative</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Always the likeliest word</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Own values</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model&apos;s own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting for other work to finish …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the prompt: %1 of %2 tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the prompt …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answering in another chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 of %2 tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The context is nearly full: begin a new chat, or load the model with a larger context.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tokens of this conversation, of those the loaded context holds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask anything …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter begins a new line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Send</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Send (Enter)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop the answer (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>System prompt ✓</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the model is told before the conversation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sampling: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How the next word is chosen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show prompt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The text the model really gets, cut into tokens</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::RenderedPromptDialog</name>
    <message>
        <source>The prompt as the model gets it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Applying the template …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Prompt, cut into tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n token(s). Shades show where one ends and the next begins.</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>The first %1 are shown.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::SamplingDialog</name>
    <message>
        <source>Sampling</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Temperature</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Higher is more surprising; 0 always takes the likeliest word.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Top-&amp;k</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only the k likeliest words are drawn from; 0 is all of them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Top-&amp;p</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only the likeliest words that together reach this probability are drawn from; 1 is all of them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Min-p</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Words less likely than this share of the likeliest one are never drawn; 0 is off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Repetition penalty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Above 1, words that have occurred become less likely.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pr&amp;esence penalty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Taken once from every word that has occurred in the answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Frequency penalty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Taken from a word for each time it has occurred in the answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Longest answer, tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An answer ends here even if it is not finished.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>different every time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The same number gives the same answer again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ScatterChart</name>
    <message>
        <source>name</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text &amp;size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Normal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Large</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Very large</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All chats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Export …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Import …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Delete all …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kept in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nibble sends nothing over the network. Models, chats and figures stay on this computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::ShortcutsDialog</name>
    <message>
        <source>Enter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Send the message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shift+Enter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Esc</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop the answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename the chosen chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Del</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete the chosen chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What they do</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::StartPage</name>
    <message>
        <source>Loading the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask something</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 is loaded and runs on this computer. Nothing you write leaves it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chat with a language model on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A small story-telling model comes with the program: load it to try everything. Your own models are folders with config.json and safetensors files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a model: a folder with config.json and safetensors files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load %1 (%2)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a folder of models …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading progress</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tell me a story about a red ball.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tell me a story about a cat and a boat.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why did the little bird sing in the rain?</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::SystemPromptDialog</name>
    <message>
        <source>System prompt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;What the model is told before this conversation:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You answer briefly and in simple words.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::TextBlock</name>
    <message>
        <source>Text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open this link?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answer links to:

%1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::TextDialog</name>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>nibble::TimeChart</name>
    <message>
        <source>time</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
