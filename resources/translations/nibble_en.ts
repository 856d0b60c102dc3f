<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>nibble::ChatPage</name>
    <message numerus="yes">
        <source>%n answer(s) had been interrupted; what had arrived is kept.</source>
        <translation>
            <numerusform>%n answer had been interrupted; what had arrived is kept.</numerusform>
            <numerusform>%n answers had been interrupted; what had arrived is kept.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>nibble::ChatSidebar</name>
    <message numerus="yes">
        <source>%n chat(s) imported.</source>
        <translation>
            <numerusform>%n chat imported.</numerusform>
            <numerusform>%n chats imported.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>nibble::LossCurvesPanel</name>
    <message numerus="yes">
        <source>%n shared step(s): mean relative error %1 %, largest %2 %, %3 % of the steps within 2 %.</source>
        <translation>
            <numerusform>%n shared step: mean relative error %1 %, largest %2 %, %3 % of the steps within 2 %.</numerusform>
            <numerusform>%n shared steps: mean relative error %1 %, largest %2 %, %3 % of the steps within 2 %.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>nibble::MessageWidget</name>
    <message numerus="yes">
        <source> · %n token(s)</source>
        <translation>
            <numerusform> · %n token</numerusform>
            <numerusform> · %n tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>nibble::ModelDock</name>
    <message numerus="yes">
        <source>%n model(s) found.</source>
        <translation>
            <numerusform>%n model found.</numerusform>
            <numerusform>%n models found.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>nibble::RenderedPromptDialog</name>
    <message numerus="yes">
        <source>%n token(s). Shades show where one ends and the next begins.</source>
        <translation>
            <numerusform>%n token. Shades show where one ends and the next begins.</numerusform>
            <numerusform>%n tokens. Shades show where one ends and the next begins.</numerusform>
        </translation>
    </message>
</context>
</TS>
