/** Of the admin page, beside the style of every page. */
export const adminStyle = `
main:not(.live) [data-method],.live .unscripted{display:none}
.top{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1.5rem;margin:0 0 1.5rem}
.top h1{margin:0;flex:1 1 12rem}
.top nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
.find label{display:block;font-weight:600;margin:0 0 .4rem}
.find div{display:flex;flex-wrap:wrap;gap:.6rem}
.find input{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--field);border-radius:9px;padding:.6rem .8rem;flex:1 1 10rem;min-width:0}
.find p{margin:.6rem 0 0}
.rows{list-style:none;padding:0}
.rows>li{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;padding:.9rem 0;border-top:1px solid var(--line)}
.rows>li:first-child{border-top:0;padding-top:0}
.rows>li:last-child{padding-bottom:0}
.rows>li>:is(.name,.who){flex:1 1 10rem;min-width:0}
.rows>li>.chips{flex:1 1 18rem;min-width:0}
.rows p{margin:0}
.rows .name{font-weight:600;overflow-wrap:anywhere}
.facts{flex:1 0 100%;display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:.6rem .8rem}
.facts>div{padding:0;border:0}
.facts dt{font-weight:400;font-size:.82rem;color:var(--quiet)}
.facts dd{margin:0;line-height:1.35}
.facts time{font-size:.76rem;color:var(--quiet);font-variant-numeric:tabular-nums}
details>.rows>li:first-child{border-top:1px solid var(--line);padding-top:.9rem}
summary{cursor:pointer;padding:.9rem 0 .6rem;color:var(--accent);font-weight:600}
.rows+details{border-top:1px solid var(--line);margin-top:.9rem}
.badge{flex:none;display:grid;place-items:center;width:2.6rem;height:2.6rem;border-radius:50%;background:var(--tint);color:var(--accent);font-weight:700}
.person{display:flex;flex-wrap:wrap;align-items:center;gap:1rem}
.person .badge{width:3.4rem;height:3.4rem;font-size:1.2rem}
.person>div{flex:1 1 12rem;min-width:0}
.person h2{font-size:1.35rem;margin:0;overflow-wrap:anywhere}
.person p{margin:.1rem 0 0}
.chips{display:flex;flex-wrap:wrap;gap:.35rem;list-style:none;padding:0;margin:0}
.chips>li,.chip{font-size:.82rem;line-height:1.5;padding:.05rem .55rem;border-radius:99px;background:var(--tint);color:var(--ink);white-space:normal}
.chip{font-weight:600;margin-left:.35rem}
.empty{text-align:center;padding:1.5rem 1rem;border:1px dashed var(--line);border-radius:10px;color:var(--quiet)}
.empty p{margin:.2rem 0}
.empty b{color:var(--ink)}
.failed{border-left:4px solid var(--warn);padding:.1rem 0 .1rem 1rem}
.failed p{margin:.25rem 0}
.person+.failed,.person+p{margin-top:1rem}
.asks{border-left-color:var(--accent)}
.button.small{padding:.35rem .8rem;font-size:.92rem}
.button.risk{border-color:var(--risk);color:var(--risk)}
.button.main.risk{background:var(--risk);color:var(--on-accent)}
.sure{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem;padding:.5rem .75rem;border-radius:10px;background:var(--tint)}
.sure span{font-weight:600}
[aria-busy=true]{opacity:.6;cursor:progress}
.said{position:sticky;bottom:1rem}
.said>:not(:empty){background:var(--card);border:1px solid var(--line);border-left:4px solid var(--accent);border-radius:10px;box-shadow:0 6px 24px rgb(0 0 0/.18);padding:.8rem 1rem;margin:.6rem 0 0}
.said>[role=alert]:not(:empty){border-left-color:var(--warn)}
.said p{margin:.15rem 0}
h2:focus{outline:none}
time{white-space:nowrap}
:root{--field:#7b8794;--tint:#e9f1fa;--risk:#a4262c}
@media (prefers-color-scheme:dark){:root{--field:#7d8a99;--tint:#1d2b3a;--risk:#f5a3a6}}
@media (prefers-reduced-motion:no-preference){[aria-busy=true]{transition:opacity .2s .15s}}
`;
