#!/usr/bin/env python3
"""Makes cases.jsonl: small templates and what Jinja's immutable sandbox makes of them with the settings transformers uses.
Needs jinja2 (3.1.6 was used, 2026-11-23). A row is {"template", "context", "text"}, or "raises", or "error": true."""
import json, datetime, itertools
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.ext import loopcontrols

class Raised(Exception):
    pass

def raise_exception(message):
    raise Raised(message)

def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda f: datetime.datetime(2026, 1, 15, 9, 30, 0).strftime(f)

CONTEXT = {
    "s": "Hello, World", "u": "größe 漢字 é", "e": "", "n": 7, "m": -3, "f": 2.5, "big": 1e20, "t": True, "no": None,
    "xs": [3, 1, 2], "words": ["b", "A", "c", "a"], "d": {"b": 1, "a": [1, {"k": "v"}], "items": "x"}, "empty": [],
    "people": [{"name": "Ann", "age": 3, "in": {"x": 1}}, {"name": "Bob", "age": 1, "in": {"x": 2}}, {"name": "cy", "age": 3}],
    "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": " yo \n"}],
    "tree": [{"n": "a", "c": [{"n": "b", "c": []}, {"n": "c", "c": [{"n": "d", "c": []}]}]}],
    "text": "line one\n  line two\n\nline four\n", "mixed": "it's \"quoted\" \\ \t\n\x01 é\u200b", "html": "<a href='x'>&</a>",
}

EXPRESSIONS = r"""
s|upper|| s|lower|| s|title|| s|capitalize|| u|upper|| u|title|| u|capitalize|| 'straße'|upper|| "they're bill's"|title|| 'ABC dEF'|capitalize
s|length|| u|length|| xs|length|| d|length|| e|length|| missing|length|| n|length
s[0]|| s[-1]|| s[100]|| u[6]|| u[-2:]|| u[::-1]|| s[2:5]|| s[:-3]|| s[::2]|| s[5:2]|| s[-100:3]|| s[5:2:-1]|| xs[::-1]|| xs[1:]|| xs[-1]|| xs[9]|| xs[-9]|| xs[:2]|| xs[::-2]|| (1,2,3)[1:]|| xs[::0]|| xs['a':]
n + 1|| n - 10|| n * 2|| n / 2|| n // 2|| m // 2|| m % 5|| n % -4|| 7.5 % 2|| -7.5 // 2|| n ** 2|| 2 ** -1|| -2 ** 2|| n / 0|| n % 0|| n // 0|| 1.0|| 0.1 + 0.2|| 1e16|| 1e15|| 1e-5|| 0.0001|| big|| 1/3|| 100000.0 * 10|| -0.0|| 3.0 * 2|| 10 // 3.0|| 5 % 3.5
t + 1|| t|| no|| not t|| true and 'x'|| 0 or 'y'|| '' or none|| 1 and 0 and missing|| not missing|| not not n
'a' + 'b'|| 'a' + 1|| 1 + 'a'|| 'a' ~ 1 ~ none ~ true ~ missing ~ 2.5|| 'ab' * 3|| 3 * 'ab'|| [1] * 2|| [1] + [2, 3]|| (1,) + (2,)|| [1] + (2,)|| 'a' * -1
1 < 2|| 1 < 2 < 3|| 1 < 3 < 2|| 'a' < 'b'|| 'b' > 'a' >= 'a'|| 1 == 1.0|| t == 1|| 'a' == 1|| 1 != 2|| [1,2] == [1,2]|| (1,2) == [1,2]|| {'a':1} == {'a':1.0}|| none == none|| missing == missing|| missing == none|| 1 < 'a'|| [1,2] < [1,3]|| missing < 1
'ell' in s|| 'x' not in s|| 2 in xs|| 9 in xs|| 'b' in d|| 'z' in d|| 1 in d|| 'x' in missing|| 1 in s|| not 1 in xs
s.lower()|| s.upper()|| s.split(', ')|| s.split()|| 'a  b c'.split()|| 'a  b c'.split(' ')|| 'a,b,c'.split(',', 1)|| 'a,b,c'.rsplit(',', 1)|| ' a b c '.split(none, 1)|| ' a b c '.rsplit(none, 1)|| ''.split()|| ''.split(',')|| 'abc'.split('')
'  x '.strip()|| '  x '.lstrip()|| '  x '.rstrip()|| 'xxaxx'.strip('x')|| 'xyaxy'.strip('yx')|| 'xxa'.lstrip('x')|| 'axx'.rstrip('x')|| '\u00a0x\u3000'.strip()|| s.startswith('He')|| s.startswith(('x','He'))|| s.endswith('d')|| s.endswith('x')|| s.startswith('W', 7)|| s.startswith('W', -5)
s.replace('l', 'L')|| s.replace('l', 'L', 1)|| 'abc'.replace('', '-')|| 'abc'.replace('', '-', 2)|| ''.replace('', 'x')|| s.find('o')|| s.find('z')|| s.rfind('o')|| u.find('漢')|| s.index('W')|| s.index('z')|| s.count('l')|| s.count('')|| s.title()|| s.capitalize()|| s.swapcase()|| s.casefold()
'7'.zfill(3)|| '-7'.zfill(4)|| 'ab'.center(7, '*')|| 'abc'.center(6)|| 'ab'.ljust(4) ~ '|'|| 'ab'.rjust(4)|| 'abc'.isalpha()|| 'a1'.isalnum()|| '12'.isdigit()|| ''.isdigit()|| 'ab c'.isspace()|| '漢'.isalpha()|| 'ABC'.isupper()|| 'abc'.islower()|| 'Abc'.islower()
'a-b-c'.partition('-')|| 'a-b-c'.rpartition('-')|| 'abc'.partition('-')|| 'abc'.rpartition('-')|| 'abc'.removeprefix('a')|| 'abc'.removesuffix('c')|| '-'.join(['a','b'])|| '-'.join([1])|| 'a\nb\r\nc\n'.splitlines()|| 'a\nb'.splitlines(true)
'{} {}'.format(1, 'a')|| '{0}{1}{0}'.format(1, 2)|| '{x}'.format(x=3)|| '{{}}'.format()|| '%s is %d' % ('a', 3)|| '%5.2f|%-5s|%05d|%x|%%' % (3.14159, 'ab', 42, 255)|| '%s' % s|| '%s %s' % (1,)|| '%r' % 'a'|| '%d' % 'a'|| '%+d' % 3|| '%(a)s' % {'a': 1}|| '%s-%s'|format(1, 2)
xs|join(', ')|| xs|join|| people|join(', ', attribute='name')|| people|map(attribute='name')|list|| people|map(attribute='in.x', default=0)|list|| words|map('upper')|join|| xs|map('string')|join('+')|| people|map(attribute='age')|sum|| people|sum(attribute='age')
people|selectattr('age', 'equalto', 3)|map(attribute='name')|list|| people|selectattr('in')|list|length|| people|selectattr('in', 'defined')|list|length|| people|rejectattr('age', 'gt', 1)|map(attribute='name')|list|| xs|select('odd')|list|| xs|reject('odd')|list|| [0,1,'',none,'a']|select|list|| xs|select('>', 1)|list|| xs|select('in', [1,2])|list|| xs|reject('equalto', 1)|list|| words|select('lower')|list
xs|sort|| xs|sort(reverse=true)|| words|sort|| words|sort(case_sensitive=true)|| people|sort(attribute='age')|map(attribute='name')|list|| [1,'a']|sort|| xs|min|| xs|max|| []|max|| words|unique|list|| [1,1,2,1]|unique|list|| xs|first|| xs|last|| []|first|| s|first|| s|last|| xs|reverse|list|| s|reverse|| xs|list|| 'abc'|list|| d|list|| xs|sum|| []|sum|| xs|batch(2)|list|| xs|batch(2, 'x')|list|| range(7)|slice(3)|list|| range(7)|slice(3, 'x')|list
people|groupby('age')|list|| d|dictsort|| d|items|list|| missing|items|list|| d.items()|list|| d.keys()|list|| d.values()|list|| d.get('b')|| d.get('z')|| d.get('z', 9)|| d['items']|| d.items|string|length > 5|| d['a'][1]['k']|| d.a[1].k|| d.zz|| d.zz is defined|| d.zz.y|| d['zz']['y']|| missing.x|| missing|| missing[0]
n|string|| '12'|int|| ' 12 '|int|| 'x'|int|| 'x'|int(5)|| '2.9'|int|| 2.9|int|| none|int|| '0x1f'|int(0, 16)|| '1.5'|float|| 'x'|float|| 3|float|| 2.567|round(2)|| 2.5|round|| 3.5|round|| 2.1|round(method='ceil')|| 2.9|round(0, 'floor')|| m|abs|| -2.5|abs|| true|int|| 7|round
missing|default('z')|| e|default('z')|| e|default('z', true)|| none|default('z')|| none|d('z', true)|| s|trim|| '  a '|trim|| 'xax'|trim('x')|| s|replace('l', 'L')|| s|replace('l', 'L', 1)|| n|replace('7', 'x')|| text|indent|| text|indent(2, true)|| text|indent(2, blank=true)|| text|indent('> ')|| html|e|| html|escape|| html|safe|| s|truncate(5)|| 'one two three four'|truncate(10)|| 'one two three four'|truncate(10, true)|| 'one two three four'|truncate(10, false, '!', 0)|| s|wordcount|| 'a b/c?é'|urlencode|| s|center(20)
d|tojson|| d|tojson(indent=2)|| xs|tojson|| mixed|tojson|| u|tojson|| u|tojson(ensure_ascii=true)|| '😀'|tojson(ensure_ascii=true)|| {'b':1,'a':2}|tojson(sort_keys=true)|| {'b':1,'a':2}|tojson(separators=(',', ':'))|| none|tojson|| true|tojson|| 1.0|tojson|| 1e20|tojson|| missing|tojson|| []|tojson(indent=4)|| {}|tojson(indent=4)|| {1: 2, none: 3, true: 4, 1.5: 5}|tojson|| (1,2)|tojson|| [[1,[2]],{}]|tojson(indent=1)|| range|tojson
xs|string|| d|string|| mixed|string|| [mixed]|string|| ['a', "it's", 'q"', u]|| (1,)|| ()|| [none, true, 1.5, 1e100]|| {'a': (1, 'x')}|| {1: 2}|| [missing]|string|length > 0
s is string|| n is number|| t is number|| n is integer|| t is integer|| f is float|| t is boolean|| n is boolean|| none is none|| missing is none|| d is mapping|| xs is mapping|| xs is iterable|| s is iterable|| n is iterable|| d is sequence|| xs is sequence|| n is sequence|| missing is defined|| n is defined|| n is not defined|| missing is undefined|| n is odd|| n is even|| n is divisibleby 7|| n is divisibleby(2)|| s is lower|| 'abc' is lower|| 'ABC' is upper|| n is eq 7|| n is equalto(7)|| n is ne 7|| n is gt 3|| n is lt(3)|| n is ge 7|| n is le 6|| 'a' is in 'abc'|| 2 is in(xs)|| t is true|| n is true|| t is false|| t is sameas true|| 1 is sameas true|| none is sameas none|| range is callable|| s is callable|| 'upper' is filter|| 'odd' is test|| s is escaped|| not n is odd|| n is odd and s is string|| n is not odd or true
'yes' if n == 7 else 'no'|| 'yes' if n == 8|| ('yes' if n == 8) is defined|| 'a' if false else 'b' if false else 'c'|| [1 if t else 2, 3]|| 'x' ~ ('a' if t else 'b')
range(3)|list|| range(1, 4)|list|| range(5, 0, -2)|list|| range(0)|list|| range(3, 0)|list|| range(1, 2, 0)|list|| range('a')|| dict(a=1, b=2)|| dict({'a': 1}, b=2)|| dict([('a', 1)])|| namespace(a=1).a|| namespace({'a': 1}, b=2).b
strftime_now('%Y-%m-%d')|| strftime_now('%d %b %Y')|| strftime_now('%A, %B %-d, %Y %I:%M %p %j %U %W %y %H %S %a %%')|| strftime_now('%c|%x|%X|%e|%u|%w|%D|%F|%T|%R')
'abc'|map('upper')|list|| d|map('upper')|list|| 'cab'|sort|| missing|map('upper')|list|| missing|sum|| 'abc'|batch(2)|list|| 'abc'|select('in', 'ab')|list|| d|sort|| 'abca'|unique|list|| 'bca'|min|| d|max|| dict(['ab', 'cd'])|| 'aab'|groupby(0)|list
raise_exception('no ' ~ s)|| raise_exception(n)|| raise_exception()|| s.nope()|| s.nope|| nope()|| xs.append(1)|| d.update({})|| s|nope|| s is nope|| n()|| xs.index(2)|| xs.count(1)|| xs.index(9)
1_000|| 0x1F|| 1.5e3|| 1e3|| 'a' 'b'|| "\x41\u00e9\n\t\\\'"|| '\q'|| 'it''s'|| [1, 2,]|| {'a': 1,}|| (1, 2,)|| {'a': {'b': [1, (2, 3)]}}.a.b[1][0]|| xs.0|| people[0].name|| people[0]['name']|| people[-1].in|| people[0].in.x
-n|| +n|| - 3|| -n|abs|| (n)|abs|| -'a'|| 2 + 3 * 4|| (2 + 3) * 4|| 2 ** 3 ** 2|| 10 - 2 - 3|| 1 ~ 2 + 3|| 'a' ~ 'b' * 2|| 1 + 2 ~ 3|| not 1 == 2|| 1 if 0 else 2 + 3
"""

TEMPLATES = [
    "{% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for x in xs %}{{ loop.index }}/{{ loop.length }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }} {{ loop.depth }}\n{% endfor %}",
    "{% for x in [] %}x{% else %}none{% endfor %}", "{% for x in xs if x > 1 %}{{ loop.index }}{{ x }} {% endfor %}", "{% for x in xs if x > 9 %}x{% else %}none{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for c in 'aé漢' %}[{{ c }}]{% endfor %}", "{% for x in missing %}x{% endfor %}.", "{% for x in 5 %}{% endfor %}", "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in xs %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% break %}", "{% for x in xs %}{% for y in xs %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
    "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}", "{% for x in xs %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1, 1, 2] %}{{ loop.changed(x) }} {% endfor %}",
    "{% for t in tree recursive %}{{ t.n }}{% if t.c %}({{ loop(t.c) }}){% endif %}{{ loop.depth }}{% endfor %}", "{% for x in xs %}{% set outer = loop %}{% for y in [1] %}{{ outer.index }}{% endfor %}{% endfor %}",
    "{% set x = 1 %}{% for i in xs %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "{% set ns = namespace(x=0) %}{% for i in xs %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b }}", "{% set d.x = 1 %}", "{% if true %}{% set y = 2 %}{% endif %}{{ y }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set (a, b) = (1, 2) %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set x %}block {{ n }}{% endset %}[{{ x }}]", "{% set x | upper | trim %} block {% endset %}[{{ x }}]", "{% set x = namespace(a=[1]) %}{% set x.a = x.a + [2] %}{{ x.a }}",
    "{% if n > 5 %}a{% elif n > 3 %}b{% else %}c{% endif %}", "{% if n > 8 %}a{% elif n > 3 %}b{% else %}c{% endif %}", "{% if n > 8 %}a{% elif n > 9 %}b{% else %}c{% endif %}", "{% if missing %}a{% endif %}.", "{% if no is none and n %}x{% endif %}", "{% if n, 1 %}x{% endif %}",
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=5, a=4) }} {{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}", "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, z=3) }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro m() %}{{ n }}{% endmacro %}{% set n = 9 %}{{ m() }}", "{% macro m(x) %}{% set y = x %}{{ y }}{% endmacro %}{{ m(1) }}{{ y }}", "{% macro m(x, y=x) %}{{ y }}{% endmacro %}{{ m(4) }}",
    "{% macro box(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call box('b') %}in {{ n }}{% endcall %}", "{% macro list(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(x) list(xs) %}[{{ x }}]{% endcall %}", "{% macro m() %}x{% endmacro %}{{ m() | upper }}{{ m() is string }}{{ m().strip() }}{{ m.name }}",
    "{% filter upper %}abc {{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aab{% endfilter %}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}",
    "{% raw %}{{ x }} {% if %}{% endraw %}|", "a {%- raw -%} {{ x }} {%- endraw -%} b", "{% raw %}\n x{% endraw %}\n y", "{# comment #}a{# {{ x }} #}b", "a {#- c -#} b", "a\n  {# c #}\nb", "{# open",
    "a\n  {% if true %}\n  b\n  {% endif %}\nc", "a\n  {%+ if true %}\n  b\n  {%+ endif %}\nc", "a\n  {%- if true -%}\n  b\n  {%- endif -%}\nc", "a\n  {% if true +%}\n  b\n  {% endif +%}\nc", "  {{ n }}\n  {{- n -}}  \n x", "x {% if true %} y {% endif %} z", "\n\n{% if true %}\n\nx\n\n{% endif %}\n\n", "a\t {% if true %}b{% endif %}\t\nc", "{{ n }}\n", "{{ n }}\n\n", "a\r\nb\rc\n{% if true %}\r\nd{% endif %}", "  {% set x = 1 %}  {% set y = 2 %}\nz", "a \u00a0{%- if true %}b{% endif %}", "\u00a0 {% if true %}b{% endif %}",
    "{{ '{{' }} {{ \"%}\" }} {{ '}}' }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {'a': {}} }}", "{%- for m in messages -%} {{- m.role -}} : {{ m.content | trim }}\n{% endfor %}", "{{ '\n' ~ 'a' }}{{ \"b\nc\" }}", "{{ s[loop.index0 if loop is defined else 0] }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}", "{% set j = joiner('|') %}{% for x in xs %}{{ j() }}{{ x }}{% endfor %}", "{{ people | map(attribute='name') | map('lower') | sort | join(',') }}", "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | first }}", "{{ (messages | last).content }}", "{{ messages[-1]['content'] | trim ~ '!' }}", "{% for m in messages[::-1] %}{{ m['role'] }}{% endfor %}", "{{ [1, 2] | map('string') | list }}", "{% set m = messages | rejectattr('role', 'in', ['user']) | list %}{{ m | length }}",
    "{{ }}", "{{ 1", "{% if %}", "{% if n %}", "{% endif %}", "{% for x in %}{% endfor %}", "{% nope %}", "{{ 1 + }}", "{{ (1 }}", "{{ 1) }}", "{{ 'a }}", "{{ a b }}", "{% set 1 = 2 %}", "{% set true = 2 %}", "{{ $ }}", "{% macro %}{% endmacro %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% from 'x' import y %}", "{{ f(a=1, 2) }}", "{% if n %}{% else %}{% else %}{% endif %}", "{{ n is }}", "{{ n | }}", "{{ n. }}", "{{ n[ }}", "{{ [1, , 2] }}",
    "plain", "", "{", "{ {", "a { b } c %} }}", "{{ '' }}", "{% if true %}{% endif %}", "漢字 {{ u }}", "{{ u[0] }}{{ u|first }}{{ u.upper() }}",
    "{%if n==7%}a{%endif%}", "{{n}}{{-n}}{{ -n }}", "{{ 5-3 }}{{5 -3}}", "{{ not(n) }}{{ (n)and(1) }}", "{{ loop }}", "{% for x in xs %}{% endfor %}{{ x is defined }}{{ loop is defined }}", "{% for loop_x in xs -%}\n{{ loop_x }}\n{%- endfor %}",
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}{{ m.role }}{% endfor %}", "{% if messages[0].role != 'system' %}{{ raise_exception('need system') }}{% endif %}",
    "{% set x = {'a': 1} %}{% set y = dict(x, b=2) %}{{ y | tojson }}", "{{ x | default([]) | length }}{{ d.q | default('k') }}{{ missing.q | default('k') }}", "{{ none | string }}{{ none ~ '' }}{{ [none] | join(',') }}", "{{ true | string | lower }}{{ 1 == true }}", "{{ '%02d' | format(5) }}", "{{ 'a' is defined and 'b' is string and not 'c' is number }}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{% macro outer() %}{% macro inner() %}I{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}{{ inner is defined }}", "{{ m(1) }}{% macro m(x) %}{{ x }}{% endmacro %}",
    "{% for g in people | groupby('age') %}{{ g.grouper }}:{{ g.list | length }} {% endfor %}", "{% for age, list in people | groupby('age') %}{{ age }}:{{ list | length }} {% endfor %}",
]

rows = []
def add(template):
    row = {"template": template}
    try:
        row["text"] = environment.from_string(template).render(**CONTEXT)
    except Raised as raised:
        row["raises"] = str(raised)
    except Exception as error:
        row["error"] = type(error).__name__ + ": " + str(error)[:120]
    rows.append(row)

for line in EXPRESSIONS.strip().split("\n"):
    for expression in line.split("|| "):
        add("{{ " + expression.strip() + " }}")
for template in TEMPLATES:
    add(template)
with open("cases.jsonl", "w") as out:
    out.write(json.dumps({"context": CONTEXT}, ensure_ascii=False) + "\n")
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
print(len(rows), sum("text" in r for r in rows), sum("error" in r for r in rows))
