/** The report's looks: one column, system fonts, light and dark. */
export const style = `
:root { color-scheme: light; --dark: 0; --paper: #fdfdfb; --panel: #fff; --ink: #1d2126; --soft: #5d6670; --faint: #9aa3ad;
  --grid: #e7e8e6; --line: #dcdedb; --load: #c9d6e6; --late: #d0342c; --accent: #1a6fb5; --good: #16794c; --tint: #f3f6f9;
  --c0: #16794c; --c1: #c8640a; --c2: #6d7680; --c3: #2166c4; --c4: #8447b8; --c5: #0f8a94; --c6: #a3722a; --c7: #c03b7a; --c8: #5b6b1f; --bound: #1d2126; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { color-scheme: dark; --dark: 1; --paper: #14171b; --panel: #1a1e23;
  --ink: #e8eaed; --soft: #a0a8b2; --faint: #6b747e; --grid: #262b31; --line: #30363d; --load: #33475e; --late: #ff6b61; --accent: #6cb2f2;
  --good: #4cc48b; --tint: #1e242b; --c0: #4cc48b; --c1: #f39a4a; --c2: #a5adb6; --c3: #7aaaf5; --c4: #bd8df0; --c5: #4fc6d0; --c6: #d5a95c;
  --c7: #f083b4; --c8: #b3c46a; --bound: #e8eaed; } }
:root[data-theme=dark] { color-scheme: dark; --dark: 1; --paper: #14171b; --panel: #1a1e23;
  --ink: #e8eaed; --soft: #a0a8b2; --faint: #6b747e; --grid: #262b31; --line: #30363d; --load: #33475e; --late: #ff6b61; --accent: #6cb2f2;
  --good: #4cc48b; --tint: #1e242b; --c0: #4cc48b; --c1: #f39a4a; --c2: #a5adb6; --c3: #7aaaf5; --c4: #bd8df0; --c5: #4fc6d0; --c6: #d5a95c;
  --c7: #f083b4; --c8: #b3c46a; --bound: #e8eaed; }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 28px 32px 60px; max-width: 1320px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { display: flex; gap: 24px; align-items: baseline; justify-content: space-between; flex-wrap: wrap }
h1 { font-size: 22px; margin: 0; letter-spacing: -.01em } h2 { font-size: 16px; margin: 40px 0 8px }
.sub, .hint, footer { color: var(--soft); font-size: 13px } .sub { margin: 2px 0 0 }
.lead { font-size: 19px; line-height: 1.45; margin: 22px 0 4px; max-width: 62em } .lead b { color: var(--good) } .lead b.bad { color: var(--late) }
button { font: inherit; font-size: 13px; color: var(--ink); background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: 3px 10px; cursor: pointer } button:hover { border-color: var(--accent) }
button:focus-visible, canvas:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100% }
th, td { text-align: right; padding: 5px 9px; border-bottom: 1px solid var(--line); vertical-align: baseline; white-space: nowrap }
thead th { font-weight: 500; font-size: 12.5px; color: var(--soft); border-bottom-color: var(--faint); white-space: nowrap }
tbody th { font-weight: 600; text-align: left; white-space: nowrap } th:first-child { text-align: left; padding-left: 4px }
td small, th small { color: var(--soft); font-weight: 400; font-size: 12px; white-space: nowrap }
tr.main { background: var(--tint) } tr.bound th, tr.bound td { font-style: italic }
i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; vertical-align: -1px }
.bar { position: relative; min-width: 84px } .bar::after { content: ""; position: absolute; left: 10px; right: 10px; bottom: 2px; height: 2px;
  background: linear-gradient(to right, var(--bar, var(--faint)) var(--share, 0%), transparent 0) }
.late, .worse { color: var(--late) } .better { color: var(--good) }
.tools { display: flex; gap: 6px; flex-wrap: wrap; margin: 8px 0; align-items: center } .tools span { flex: 1 }
#headline { font-size: 14.5px } #axis { display: block; width: 100%; touch-action: pan-y; cursor: crosshair; border-radius: 4px }
#moment { font-weight: 600; margin: 12px 0 4px; min-height: 1.5em; font-variant-numeric: tabular-nums }
.readout { overflow-x: auto } .readout td { padding: 3px 10px; font-size: 13.5px; white-space: nowrap } .readout th label { cursor: pointer }
.readout td:last-child { text-align: left; white-space: normal; width: 64%; min-height: 1.5em; color: var(--soft) }
.readout input { margin: 0 8px 0 0; vertical-align: -1px } tr.off td, tr.off th { opacity: .5 }
.two { display: grid; grid-template-columns: minmax(0, 7fr) minmax(0, 5fr); gap: 40px; align-items: start }
@media (max-width: 980px) { .two { grid-template-columns: minmax(0, 1fr) } body { padding: 18px 14px 40px } }
h3 { font-size: 14.5px; margin: 22px 0 0 } h3 small { color: var(--soft); font-weight: 400 }
.wide { overflow-x: auto } .learned svg { max-width: 1180px; min-width: 640px } .learned svg text { font-size: 11px } svg { width: 100%; height: auto; display: block } svg text { font: 12px system-ui, sans-serif; fill: var(--soft) }
svg circle:hover { stroke: var(--ink); stroke-width: 2px }
.settings td { text-align: left } .settings th { font-weight: 400; color: var(--soft) } .settings th, .settings td { padding: 4px 10px 4px 4px; white-space: normal } .settings small { white-space: normal }
.mark { font-size: 11.5px; border: 1px solid var(--line); border-radius: 9px; padding: 0 7px; color: var(--soft); white-space: nowrap }
.mark.assumed { border-color: var(--c1); color: var(--c1) }
ul { padding-left: 1.2em; margin: 8px 0 } li { margin: 5px 0; max-width: 72em } footer { margin-top: 44px; border-top: 1px solid var(--line); padding-top: 10px }
@media print { .tools, #moment { display: none } }
`
