import { timeText } from '../checks/time.ts';
import { type AuditFinding, SEVERITIES, type Severity } from '../finding.ts';
import { count } from './columns.ts';
import { byExpiry, DAY_MILLISECONDS, leftText, TIMELINE_TICKS } from './expiry.ts';
import { SCRIPT } from './html-script.ts';
import { STYLE } from './html-style.ts';
import { type Markup, markup } from './markup.ts';
import { type SignatureNode, signatureTree, signerRemark } from './tree.ts';
import {
  endOf,
  findingsOf,
  holderText,
  hostText,
  INFERRED_REMARK,
  inferredRows,
  remarksOf,
  rulingText,
  type VerifyReport,
  waivedOf,
} from './verify.ts';

const NONE = markup``;

const dayOf = (time: Date): string => timeText(time).slice(0, 10);

function badge(kind: Severity | 'fine', text: string): Markup {
  return markup`<span class="badge ${kind}">${text}</span>`;
}

function section(title: string, id: string, contents: Markup): Markup {
  return markup`
<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>${contents}
</section>`;
}

function detail(name: string, value: string | undefined): Markup {
  return value === undefined ? NONE : markup`<dt>${name}</dt><dd>${value}</dd>`;
}

function findingItem(finding: AuditFinding, pathOf: VerifyReport['pathOf']): Markup {
  const { severity, code, row, field, path, message, expected, found, remedy, waiver } = finding;
  return markup`
<li class="finding"${waiver === undefined ? markup` data-severity="${severity}"` : ''}>
<p>${badge(severity, severity)} <code>${pathOf(path)}</code> <b>${message}</b></p>
<dl>${detail('expected', expected)}${detail('found', found)}${detail('remedy', remedy)}${detail('waived', waiver && `until ${waiver.until}: ${waiver.reason}`)}${detail('finding', [code, row, field].filter((part) => part !== undefined).join(' · '))}</dl>
</li>`;
}

function filterForm(present: readonly Severity[], all: number): Markup {
  const boxes = present.map(
    (severity) => markup`
<label><input type="checkbox" name="${severity}" checked> ${badge(severity, severity)}</label>`,
  );
  return markup`
<form hidden>
<input type="search" name="words" aria-label="Show findings with these words" placeholder="filter by words">${boxes}
<output>${all} of ${all}</output>
</form>`;
}

function findingsSection({ verification, pathOf }: VerifyReport): Markup {
  const present = SEVERITIES.filter((severity) => findingsOf(verification, severity).length > 0);
  if (present.length === 0) {
    const text = verification.findings.length === 0 ? 'Nothing was found.' : 'Nothing that counts was found.';
    return section('Findings', 'findings', markup`\n<p>${text}</p>`);
  }
  const items = present.flatMap((severity) =>
    findingsOf(verification, severity).map((finding) => findingItem(finding, pathOf)),
  );
  return section(
    'Findings',
    'findings',
    markup`${filterForm(present, items.length)}
<ul>${items}
</ul>`,
  );
}

function waivedSection({ verification, pathOf }: VerifyReport): Markup {
  const items = waivedOf(verification).map((finding) => findingItem(finding, pathOf));
  return items.length === 0 ? NONE : section('Waived', 'waived', markup`\n<ul>${items}\n</ul>`);
}

/** The worst of what was found about the times of a certificate. */
function timeSeverity(id: string, findings: readonly AuditFinding[]): Severity | 'fine' {
  const own = findings.filter(
    ({ row, field }) => row === id && (field === 'notAfter' || field === 'notBefore'),
  );
  return SEVERITIES.find((severity) => own.some((finding) => finding.severity === severity)) ?? 'fine';
}

function timelineSection({ verification: { evidence, findings }, at }: VerifyReport): Markup {
  const certificates = byExpiry(evidence);
  const daysTo = (time: Date): number => Math.max(0, (time.getTime() - at.getTime()) / DAY_MILLISECONDS);
  const longest = 1.05 * Math.max(30, ...certificates.map(({ notAfter }) => daysTo(notAfter)));
  // A CA lives ten times as long as what it signs, and what ends in a week must be told from what ends in a month.
  const percent = (days: number): string => ((Math.log1p(days) / Math.log1p(longest)) * 100).toFixed(1);
  const ticks = TIMELINE_TICKS.filter(({ days }) => days < longest);
  const grid = ticks.map(
    ({ days }) => markup`<rect class="tick" x="${percent(days)}%" width="1" height="100%"/>`,
  );
  const lives = certificates.map(
    ({ id, notAfter }) => markup`
<li class="life"><b>${id}</b> <span class="day">${dayOf(notAfter)}</span> <span class="left quiet">${leftText(notAfter, at)}</span>
<svg aria-hidden="true"><rect class="track" width="100%" height="100%"/><rect class="bar ${timeSeverity(id, findings)}" width="${percent(Math.max(0.05, daysTo(notAfter)))}%" height="100%"/>${grid}</svg></li>`,
  );
  return section(
    'What ends when',
    'timeline',
    markup`
<p class="quiet">How far each end is from ${dayOf(at)}, on a logarithmic scale.</p>
<div class="life scale" aria-hidden="true"><svg>${ticks.map(
      ({ days, label }) => markup`<text x="${percent(days)}%" y="1em">${label}</text>`,
    )}</svg></div>
<ul>${lives}
</ul>`,
  );
}

function treeItem(node: SignatureNode, findings: readonly AuditFinding[]): Markup {
  const counts = SEVERITIES.map((severity) => {
    const own = findings.filter((finding) => finding.row === node.id && finding.severity === severity);
    return own.length === 0 ? NONE : markup` ${badge(severity, count(own.length, severity))}`;
  });
  const remark = signerRemark(node);
  const children = node.signed.map((child) => treeItem(child, findings));
  return markup`
<li><b>${node.id}</b> <code>${node.subject}</code>${remark === '' ? '' : markup` <strong class="remark">${remark}</strong>`}${counts}${
    children.length === 0 ? '' : markup`\n<ul>${children}\n</ul>`
  }</li>`;
}

function treeSection({ verification: { evidence, findings } }: VerifyReport): Markup {
  const counted = findings.filter(({ waiver }) => waiver === undefined);
  const roots = signatureTree(evidence).map((root) => treeItem(root, counted));
  return section('Who signed whom', 'tree', markup`\n<ul class="tree">${roots}\n</ul>`);
}

function credentialsSection({ verification, pathOf }: VerifyReport): Markup {
  const rows = verification.credentials.map(
    (credential) => markup`
<tr><td><code>${holderText(credential, pathOf)}</code></td><td><code>${credential.subject}</code></td><td>${endOf(credential)}</td></tr>`,
  );
  return section(
    'Who holds power',
    'credentials',
    markup`
<p class="quiet">Client certificates with a name or a group to which Kubernetes itself gives power, and tokens.</p>
<table>
<thead><tr><th scope="col">credential</th><th scope="col">subject</th><th scope="col">ends</th></tr></thead>
<tbody>${rows}
</tbody>
</table>`,
  );
}

function inferredSection({ verification }: VerifyReport): Markup {
  const rows = inferredRows(verification).map(
    ([flag, value]) => markup`
<tr><td><code>${flag}</code></td><td><code>${value}</code></td></tr>`,
  );
  if (rows.length === 0) return NONE;
  return section(
    'Taken from the files',
    'inferred',
    markup`
<p class="quiet">What was ${INFERRED_REMARK}.</p>
<table>
<thead><tr><th scope="col">flag</th><th scope="col">value</th></tr></thead>
<tbody>${rows}
</tbody>
</table>`,
  );
}

function header(report: VerifyReport): Markup {
  const { verification, directories, at, version } = report;
  const counts = SEVERITIES.map((severity) => [severity, findingsOf(verification, severity).length] as const)
    .filter(([, number]) => number > 0)
    .map(([severity, number]) => markup`\n${badge(severity, count(number, severity))}`);
  const waived = waivedOf(verification).length;
  if (waived > 0) counts.push(markup`\n<span class="quiet">${waived} waived</span>`);
  const places = directories.map(
    (directory, index) => markup`${index === 0 ? '' : ' and '}<code>${directory}</code>`,
  );
  return markup`
<header>
<h1>Audit of a Kubernetes PKI</h1>
<p>${places}</p>
<p class="quiet">${rulingText(report)}; as of <time datetime="${timeText(at)}">${timeText(at)}</time>, by k8s-pki ${version}</p>
<p class="quiet">Host: ${hostText(report)}</p>${remarksOf(verification).map((remark) => markup`\n<p class="quiet">${remark}</p>`)}
<p class="counts">${counts.length === 0 ? badge('fine', 'no findings') : counts}</p>
</header>`;
}

/** The source expression by which a Content-Security-Policy knows an inline script or style (CSP3, 2.3.1). */
async function hashSource(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `'sha256-${Buffer.from(digest).toString('base64')}'`;
}

/**
 * The report as one page that needs nothing else: no network, and under its own policy nothing runs in it but its filter.
 * It can be read without that, and printed.
 */
export async function verifyHtml(report: VerifyReport): Promise<readonly string[]> {
  const policy = `default-src 'none'; style-src ${await hashSource(STYLE)}; script-src ${await hashSource(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const { markup: page } = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PKI of ${report.directories.join(' and ')}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>${header(report)}
<main>${findingsSection(report)}${waivedSection(report)}${inferredSection(report)}${timelineSection(report)}${treeSection(report)}${credentialsSection(report)}
</main>
${report.verification.findings.every(({ waiver }) => waiver !== undefined) ? NONE : { markup: `<script>${SCRIPT}</script>` }}
</body>
</html>`;
  return [page];
}
