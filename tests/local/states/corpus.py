"""Expressions over one input, to compare implementations of JSONata with each other."""

from __future__ import annotations

INPUT = {
    "a": 1,
    "b": None,
    "l": [1],
    "ll": [[1]],
    "e": [],
    "s": "x",
    "o": {"k": [{"v": 1}, {"v": 2}]},
    "one": [{"v": 1}],
    "f": 1.5,
    "t": "2024-05-01T10:00:00Z",
    "nest": [[1, 2], [3]],
    "str": "a-b-c",
    "bool": True,
}
VARIABLES: dict[str, object] = {
    "x": [1, 2, 3],
    "n": 5,
    "view": {
        "id": "c1",
        "stage": "lead",
        "segments": ["hot"],
        "scores": {"engagement": 12.5},
    },
}
EXPRESSIONS = r"""
$states.input.a
$states.input.b
$states.input.nope
$states.input.nope.deeper
$states.input.a.b
$states.input.l
$states.input.l[0]
$states.input.ll
$states.input.e
$states.input.o.k.v
$states.input.one.v
$states.input.one.v[]
[$states.input.one.v]
$states.input.o.k[v=1]
$states.input.o.k[v=1].v
$states.input.o.k[v=3]
$exists($states.input.b)
$exists($states.input.nope)
$exists($nope)
$x
$x[0]
$x[-1]
$x[$>1]
$sum($x)
$max($x)
$max([])
$max([1,$n - 10])
$min($x)
$average($x)
$count($states.input.nope)
$count($states.input.a)
$count([])
$map($x,function($v){$v*2})
$map($x,function($v,$i,$a){$v+$i+$count($a)})
$map([1],function($v){$v*2})
$map([],function($v){$v*2})
$filter($x,function($v){$v>1})
$filter($x,function($v){$v>2})
$filter($x,function($v){$v>3})
$reduce($x,function($a,$b){$a+$b})
$reduce($x,function($a,$b){$a+$b},10)
$sort($x,function($l,$r){$l<$r})
$sort(["b","a"])
$reverse($x)
$distinct([1,1,2])
$append($x,4)
$append($states.input.nope,4)
$merge([{"a":1},{"b":2}])
$merge([$view,{"stage":"customer"}])
$keys($view)
$lookup($view,"stage")
$lookup($view,"nope")
$spread({"a":1,"b":2})
$each({"a":1,"b":2},function($v,$k){$k & $v})
$sift({"a":1,"b":2},function($v){$v>1})
$type($states.input.b)
$type($x)
$type($nope)
$string($x)
$string(1.5)
$string($states.input)
$string("a")
$number("12")
$number("x")
$boolean([])
$boolean([0])
$not(true)
$length("abc")
$substring("hello",1,2)
$substring("hello",-3)
$substringBefore("a-b","-")
$substringAfter("a-b","-")
$uppercase("a")
$trim("  a b ")
$pad("a",5)
$contains("abc","b")
$contains("abc",/B/i)
$split("a-b-c","-")
$split("a1b2",/[0-9]/)
$join(["a","b"],",")
$match("abcabc",/b(c)/)
$replace("abc","b","x")
$replace("abc",/b/,"[$0]")
$replace("abc",/b/,function($m){$uppercase($m.match)})
$toMillis($states.input.t)
$toMillis("2024-05-01")
$toMillis("2024-05-01T10:00:00+02:00")
$toMillis("01/05/2024","[D01]/[M01]/[Y0001]")
$fromMillis(1714557600000)
$fromMillis(1714557600000,"[Y0001]-[M01]-[D01]")
$fromMillis(1714557600000,"[H01]:[m01] [z]","+0200")
$fromMillis(1714557600000,"[FNn], [D1o] [MNn] [Y]")
$floor(1.5)
$ceil(1.2)
$round(2.5)
$round(3.5)
$round(1.255,2)
$power(2,10)
$sqrt(16)
$abs(-3)
$formatNumber(1234.5,"#,##0.00")
$formatBase(255,16)
$base64encode("hi")
$base64decode("aGk=")
$encodeUrlComponent("a b&c")
$decodeUrlComponent("a%20b")
$zip([1,2],[3,4])
$single($x,function($v){$v=2})
$assert(true,"no")
1+2
1/2
10/2
7%3
-7%3
"a"&1
"a"&$states.input.nope
"a"&null
"a"&[1,2]
1=1
1="1"
"a"<"b"
1<"a"
$states.input.nope=1
$states.input.nope!=1
$states.input.nope<1
null=null
$states.input.b=null
1 in [1,2]
"hot" in $view.segments
"cold" in $view.segments
$states.input.a in $x
true and false
true or $error("x")
$states.input.nope and true
$states.input.a > 0 ? "y" : "n"
$states.input.a > 5 ? "y"
[1..5]
[1..0]
{"a":1,"b":$states.input.nope}
{"a":[$states.input.nope]}
{"sum":$sum($x),"who":$view.id}
[1,[2,3]]
[$x,4]
($a:=1;$b:=2;$a+$b)
($f:=function($n){$n<2?1:$n*$f($n-1)};$f(5))
$view.scores.engagement >= 10
$view.*
$view.**
$states.input.nest
$states.input.nest[0]
$states.input.nest.$sum($)
$states.input.o.k^(>v)
$states.input.o.k{"x":v}
$states.input.o.k#$i.{"i":$i,"v":v}
$states.input.o.k@$q.v
$states.input.o.k.(v*2)
$states.input.o.k.($n+v)
$states.input.o.k.%.k
$x ~> $sum()
$x ~> $map(function($v){$v+1}) ~> $sum()
$view ~> |$|{"stage":"x"}|
$view ~> |$|{},"id"|
$view.stage = "lead" and $exists($view.id)
$string($view)
$states.input.str ~> $split("-")
$formatInteger(12,"w")
$parseInteger("twelve","w")
$contains("a", $nope)
$uppercase($nope)
$uppercase(1)
$states.input.`a`
'single'
$states.input[a=1].s
$states.input.l ~> $count()
[[1]]
[[]]
[]
{}
null
[null]
{"a":null}
0.1+0.2
1e21
1e-7
123456789012345678
$string(1e21)
$string(0.1+0.2)
$substring("é😀b",1,1)
$states.input.f
$number("1e3")
$toMillis($nope)
$ceil(($toMillis("2024-05-03T00:00:00Z")-$toMillis("2024-05-01T00:00:00Z"))/1000)
$fromMillis($toMillis("2024-05-03T00:00:00Z") + 86400000)
$x.y
$n.y
$view.nope
$view.scores
$view.scores.engagement
$view.segments
$view.segments.x
$states.input.o.k
$states.input.nest.x
$states.input.one
$states.input.s.x
$error("x")
-1
-1.50
1.0
0
"double"
""".strip().splitlines()
