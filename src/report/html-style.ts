/** The style of the page: dark or light as its reader has it, narrow or wide, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1b1f24; --quiet: #59636e; --line: #d5dae0;
  --error: #b3261e; --error-tint: #fdeceb; --warning: #845400; --warning-tint: #fff3dc;
  --notice: #1c5aa6; --notice-tint: #e9f1fb; --fine: #1a6b3c; --fine-tint: #e6f4ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2126; --text: #e7eaee; --quiet: #a2acb7; --line: #3a424b;
    --error: #ff9d94; --error-tint: #45201d; --warning: #f3c064; --warning-tint: #3d2e10;
    --notice: #93c1ff; --notice-tint: #1b2f4a; --fine: #7fd6a0; --fine-tint: #17331f;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main, header { max-width: 68rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.125rem; }
p { margin: .25rem 0; }
code { font: .875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
section { margin: 1rem 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
ul { margin: 0; padding: 0; list-style: none; }
time { white-space: nowrap; }
.remark { color: var(--error); font-weight: 400; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1rem; }
.badge { display: inline-block; padding: 0 .5rem; border-radius: 1rem; font-size: .875em; font-weight: 600; white-space: nowrap; }
.error { color: var(--error); background: var(--error-tint); }
.warning { color: var(--warning); background: var(--warning-tint); }
.notice { color: var(--notice); background: var(--notice-tint); }
.fine { color: var(--fine); background: var(--fine-tint); }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin-bottom: .75rem; }
input[type=search] { flex: 1 1 14rem; min-width: 0; padding: .375rem .625rem; font: inherit; color: inherit; background: var(--page); border: 1px solid var(--quiet); border-radius: .375rem; }
:focus-visible { outline: 2px solid var(--notice); outline-offset: 2px; }
.finding { padding: .75rem 0; border-top: 1px solid var(--line); break-inside: avoid; }
dl { display: grid; grid-template-columns: 5rem 1fr; gap: 0 .75rem; margin: .25rem 0 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.life { display: grid; grid-template-columns: minmax(8rem, 14rem) 6rem 7rem 1fr; gap: 0 1rem; align-items: center; }
.life { padding: .25rem 0; border-top: 1px solid var(--line); break-inside: avoid; }
.life b { overflow-wrap: anywhere; }
svg { display: block; grid-column: 4; width: 100%; height: .75rem; overflow: visible; }
.scale { border: 0; }
.scale svg { height: 1.25rem; fill: var(--quiet); font-size: .875rem; text-anchor: end; }
.tick { fill: var(--quiet); }
.track { fill: var(--line); opacity: .45; }
.bar.error { fill: var(--error); }
.bar.warning { fill: var(--warning); }
.bar.notice { fill: var(--notice); }
.bar.fine { fill: var(--fine); }
.tree ul { margin-left: .4rem; padding-left: 1.1rem; border-left: 2px solid var(--line); }
.tree li { padding: .2rem 0; break-inside: avoid; }
.tree > li + li { margin-top: .5rem; }
table { width: 100%; border-collapse: collapse; }
th:first-child { width: 42%; }
th { text-align: left; color: var(--quiet); font-weight: 400; }
th, td { padding: .375rem 1rem .375rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:last-child { padding-right: 0; white-space: nowrap; }
@media (max-width: 40rem) {
  .life { grid-template-columns: 1fr max-content; }
  .life svg { grid-column: 1 / -1; }
  .life .day { text-align: right; }
  .life .left { display: none; }
  td, td:last-child { display: block; border: 0; padding: 0; white-space: normal; }
  td:first-child { border-top: 1px solid var(--line); padding-top: .375rem; }
  thead { display: none; }
}
@media print {
  :root {
    --page: #fff; --card: #fff; --text: #000; --quiet: #444; --line: #bbb; --error: #8c1d18; --error-tint: #fff;
    --warning: #6b4400; --warning-tint: #fff; --notice: #17498a; --notice-tint: #fff; --fine: #14532d; --fine-tint: #fff;
  }
  body { font-size: 10pt; }
  main, header { max-width: none; padding: 0; }
  section { border: 0; padding: 0; }
  h2 { break-after: avoid; }
  form { display: none; }
  .life { grid-template-columns: 11rem 5rem 6rem 1fr; }
  .badge { border: 1px solid currentColor; }
  svg { print-color-adjust: exact; }
}
`;
