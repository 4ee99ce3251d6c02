/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "style.h"

/* Colours have a contrast of 4.5 to their ground at least (WCAG 2.2, 1.4.3), and never say anything alone. */
#define LIGHT                                                                                      \
	":root{color-scheme:light;--ink:#1a1f26;--soft:#515b66;--paper:#fff;--card:#f4f6f8;"       \
	"--line:#d3dae1;--link:#0b57b8;--investigate:#b3161b;--close:#963c00;--restrict:#6d5600;"  \
	"--ask:#1d5a9e;--unknown:#59616b;--keep:#17683c;--other:#59616b;--plus:#e3f4e8;"           \
	"--minus:#fbe5e4;--warm:#fff6e0;--hot:#fdecea;--cool:#eaf2fb;--fine:#e9f6ee}"
#define DARK                                                                                       \
	":root{color-scheme:dark;--ink:#e5e9ee;--soft:#a7b1bc;--paper:#11151a;--card:#1a2027;"     \
	"--line:#36404b;--link:#8fbdf8;--investigate:#ff9088;--close:#ffb27a;--restrict:#e6c95c;"  \
	"--ask:#93c0f5;--unknown:#aeb7c0;--keep:#83d6a6;--other:#aeb7c0;--plus:#143021;"           \
	"--minus:#3a1c1c;--warm:#2c2514;--hot:#351a1a;--cool:#17263a;--fine:#13291d}"
/* what has a verdict has its colour */
#define VERDICTS                                                                                   \
	".investigate{--mark:var(--investigate)}.close{--mark:var(--close)}"                       \
	".restrict{--mark:var(--restrict)}.ask{--mark:var(--ask)}.unknown{--mark:var(--unknown)}"  \
	".keep{--mark:var(--keep)}.other{--mark:var(--other)}.all{--mark:var(--ink)}"              \
	".far{--mark:var(--ink)}"
#define HIDE(verdict) "body:has(#c-" verdict ":checked) .v:not(." verdict "){display:none}"
#define CHOSEN                                                                                     \
	HIDE("investigate")                                                                        \
	HIDE("close") HIDE("restrict") HIDE("ask") HIDE("unknown") HIDE("keep") HIDE("other")

/*
 * What is folded stays so, for lists of hundreds of files fill a book: but for what the reader opened, the first three
 * doors to look into and to close (each has two rows), and checks that are severe.
 */
#define OPENS "::details-content{content-visibility:visible;block-size:auto}"
#define PAPER                                                                                      \
	"@media "                                                                                  \
	"print{@page{margin:13mm}:root{font-size:9.4pt}body{max-width:none;padding:0;font-size:"   \
	"9pt;line-height:1.4}nav,.choice,.screen{display:none}.paper{display:block}"               \
	"h1{font-size:18pt}h2{font-size:13pt;margin-top:1.3em}h3{font-size:10.5pt;margin-top:1."   \
	"1em}"                                                                                     \
	"header dl{grid-template-columns:max-content 1fr max-content 1fr}header dt,header "        \
	"dd{grid-column:auto}"                                                                     \
	".cards li{flex-basis:6rem;padding:.3em .6em}.cards b{font-size:1.4rem}"                   \
	".map{min-width:0;max-height:205mm}.wide{overflow:visible}th,td{padding-top:.25em;"        \
	"padding-bottom:.25em;min-width:5em}tbody th{min-width:9em}"                               \
	".v thead th:nth-child(1){width:25%}tr.more td{padding:0 .7em .3em}"                       \
	"h2,h3{break-after:avoid}tr,.cards "                                                       \
	"li,.map,pre,#map,summary{break-inside:avoid}tr.more{break-inside:auto}.v tbody "          \
	"tr:not(.more){break-after:avoid}p{orphans:3;widows:3}h2+p,#doors>p{break-after:avoid}"    \
	".more div{background:none;padding:0 0 0 "                                                 \
	".8em;border:0}thead{display:table-header-group}a{color:inherit;text-decoration:none}:"    \
	"target{outline:0}"                                                                        \
	"thead{break-after:avoid}tbody tr:first-child{break-before:avoid}"                         \
	".investigate tr.more:nth-child(-n+6) details" OPENS                                       \
	".close tr.more:nth-child(-n+6) details" OPENS "section>details.bad" OPENS                 \
	"*{print-color-adjust:exact}}"

const char dw_page_style[] = LIGHT
	"@media screen and (prefers-color-scheme:dark){" DARK "}" VERDICTS
	"*{box-sizing:border-box}"
	"body{margin:0 auto;max-width:82rem;padding:1.2rem 1.6rem 3rem;background:var(--paper);"
	"color:var(--ink);font:15px/1.5 system-ui,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif;"
	"overflow-wrap:anywhere}"
	"h1{font-size:1.9rem;line-height:1.2;margin:.2em 0 .5em}"
	"h2{font-size:1.35rem;margin:2.2em 0 .6em;padding-top:.6em;border-top:2px solid "
	"var(--line)}"
	"h3{font-size:1.05rem;margin:1.6em 0 .5em}"
	"a{color:var(--link)}p{margin:.5em 0;max-width:62em}"
	"code,pre{font:.9em/1.45 ui-monospace,\"DejaVu Sans Mono\",Consolas,monospace}"
	"pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.6em "
	".8em;"
	"white-space:pre-wrap}.plus{background:var(--plus)}.minus{background:var(--minus)}"
	".at{color:var(--soft)}"
	"p.good,p.note,p.warn,p.bad{padding:.5em .8em;border-radius:6px;border-left:4px solid}"
	"p.good{background:var(--fine);border-color:var(--keep)}"
	"p.note{background:var(--cool);border-color:var(--ask)}"
	"p.warn{background:var(--warm);border-color:var(--restrict)}"
	"p.bad{background:var(--hot);border-color:var(--investigate)}"
	"nav{display:flex;flex-wrap:wrap;gap:.3em 1.1em;padding:.6em 0;margin-top:1.2em;"
	"border-top:1px solid var(--line);border-bottom:1px solid var(--line)}"
	"nav a{padding:.15em 0}.off{color:var(--soft)}"
	/* summary */
	".cards{list-style:none;display:flex;flex-wrap:wrap;gap:.7rem;padding:0;margin:1.1em 0}"
	".cards li{flex:1 1 7.5rem;background:var(--card);border:1px solid var(--line);"
	"border-top:4px solid var(--mark);border-radius:8px;padding:.5em .8em .6em}"
	".cards b{display:block;font-size:1.75rem;line-height:1.25;color:var(--mark)}"
	".cards span{color:var(--soft);font-size:.9rem;line-height:1.3;display:block}"
	"dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25em "
	"1.1em;margin:.6em 0}"
	"dt{grid-column:1;color:var(--soft)}dd{grid-column:2;margin:0}"
	/* tables */
	".wide{overflow-x:auto}.wide:focus-visible{outline:2px solid "
	"var(--link);outline-offset:2px}"
	"table{border-collapse:collapse;width:100%;font-size:.92rem}"
	"caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);"
	"white-space:nowrap}"
	"th,td{text-align:left;vertical-align:top;padding:.38em .7em .38em 0;"
	"border-top:1px solid var(--line);font-weight:400;min-width:4.6em}"
	"thead "
	"th{color:var(--soft);font-weight:600;border-top:0;white-space:nowrap;font-size:.85rem}"
	/* the name of a door is in one piece, if it is not a long one */
	"tbody th{font-weight:600;min-width:13em}"
	".v table{table-layout:fixed}.v thead th:nth-child(1){width:21%}"
	".v thead th:nth-child(4){width:11%}.v thead th:nth-child(6){width:13%}"
	".v thead th:nth-child(7){width:11%}"
	"tr.bad th{color:var(--investigate)}tr.note th,tr.note td{color:var(--soft)}"
	".v h3{color:var(--mark)}.v tbody th{box-shadow:inset 3px 0 var(--mark);padding-left:.7em}"
	"tr.more td{border-top:0;padding:0 .7em .5em .7em;box-shadow:inset 3px 0 var(--mark)}"
	"details{margin:.15em 0}summary{cursor:pointer;border-radius:4px}"
	"summary:focus-visible,a:focus-visible,input:focus-visible+label{outline:2px solid "
	"var(--link);"
	"outline-offset:2px}"
	"section>details{border:1px solid var(--line);border-left:4px solid var(--line);"
	"border-radius:6px;padding:.3em .8em;margin:.4em 0}"
	"section>details.bad{border-left-color:var(--investigate)}"
	"section>details.warn{border-left-color:var(--restrict)}"
	"section>details.note{border-left-color:var(--ask)}"
	".more summary{color:var(--soft)}.more details[open] summary{color:var(--ink)}"
	".more div{background:var(--card);border:1px solid var(--line);border-radius:8px;"
	"padding:.3em 1em;margin:.4em 0 .6em}:target{outline:2px solid var(--link)}"
	".choice{border:0;padding:0;margin:.4em 0 .8em;display:flex;flex-wrap:wrap;gap:.4em .2em;"
	"align-items:center}.choice legend{float:left;padding:0 .7em 0 0;color:var(--soft)}"
	".choice input{position:absolute;opacity:0}"
	".choice label{border:1px solid var(--line);border-radius:99px;padding:.15em .8em;"
	"margin-right:.3em;cursor:pointer}"
	".choice "
	"input:checked+label{background:var(--ink);color:var(--paper);border-color:var(--ink)}"
	"@media screen{" CHOSEN "}"
	/* drawings */
	".map{display:block;min-width:61rem;width:100%;height:auto;"
	"font:600 13px system-ui,\"Segoe UI\",Roboto,\"DejaVu "
	"Sans\",sans-serif}"
	".map text{fill:var(--ink)}.map .t{fill:var(--soft);font-size:14px}"
	".map .m{fill:var(--soft);font-size:11px;font-weight:400}"
	".map .n{text-anchor:end;fill:var(--soft);font-size:12px}"
	".map rect{fill:var(--card);stroke:var(--line)}"
	".map "
	".edge{stroke:var(--mark);stroke-width:4;stroke-linecap:round;fill:"
	"none}"
	".map .e{stroke:var(--mark);fill:none;opacity:.55}.map "
	".e.keep{opacity:.28}"
	".map a{cursor:pointer}.map a:hover rect,.map a:focus "
	"rect{stroke:var(--link);stroke-width:2}"
	".hint,.ways,.paper{display:none}.hint{color:var(--soft)}"
	".ways ul{list-style:none;padding:0;margin:0}"
	".ways li{border-left:4px solid var(--mark);padding:.1em 0 .1em "
	".7em;margin:.6em 0}"
	".ways li,.ways a{font-weight:600}.ways "
	"span{display:block;color:var(--soft);font-weight:400;font-size:."
	"92em}"
	".spark{width:120px;height:20px;display:block}.spark "
	"rect{fill:var(--link)}"
	".spark .ground{stroke:var(--line)}"
	"footer{margin-top:2.5em;color:var(--soft);font-size:.9rem}"
	"@media screen and (max-width:60rem){body{padding:.8rem}.v "
	"table{table-layout:auto}"
	".v thead th:nth-child(n){width:auto}}"
	"@media screen and (min-width:40.01rem) and (max-width:60rem){"
	".v th:nth-child(4),.v td:nth-child(4),.v th:nth-child(7),.v "
	"td:nth-child(7){display:none}"
	".v tr.more td{display:table-cell}}"
	/* on a phone: the map in words, and each cell of a table on a line of its own, behind the name of its column */
	"@media screen and "
	"(max-width:40rem){dl{display:block}dt{margin-top:.5em}"
	".drawing{display:none}.ways{display:block}"
	".cards li{flex-basis:40%}h1{font-size:1.5rem}"
	"table,tbody,tr,tbody th,td{display:block}"
	"thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-"
	"path:inset(50%)}"
	"tbody tr{border-top:1px solid var(--line);padding:.45em 0}"
	"tbody th,td{border:0;padding:.05em "
	"0;min-width:0}td:empty{display:none}"
	"td[data-label]::before{content:attr(data-label) \": "
	"\";color:var(--soft)}"
	".spark{display:inline-block;vertical-align:middle}"
	".v tbody tr{box-shadow:inset 3px 0 var(--mark);padding-left:.7em}"
	".v tbody th{box-shadow:none;padding-left:0}"
	".v td:not(:empty){display:inline-block;margin-right:.9em}.v "
	"td::before{color:var(--soft)}"
	".v td:nth-child(2)::before{content:\"Service: \"}.v "
	"td:nth-child(3)::before{content:\"Program: \"}"
	".v td:nth-child(4)::before{content:\"Runs as: \"}.v "
	"td:nth-child(5)::before{content:\"Started by: \"}"
	".v td:nth-child(6)::before{content:\"Reach: \"}.v "
	"td:nth-child(7)::before{content:\"Package: \"}"
	".watched td:nth-child(7)::before{content:\"Last used: \"}"
	".v tr.more{border-top:0;padding-top:0}.v tr.more "
	"td{display:block;box-shadow:none;padding:0}"
	".more div{padding:.1em .6em .6em}}"
	/* between the two the picture and wide tables are scrolled */
	"@media screen and (min-width:40.01rem) and "
	"(max-width:64.2rem){.hint{display:block}}" PAPER;
