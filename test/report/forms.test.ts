import { beforeAll, expect, test } from '@jest/globals';
import { SEVERITIES } from '../../src/finding.ts';
import type { PkiFile } from '../../src/index.ts';
import { verifyHtml } from '../../src/report/html.ts';
import { verifyJunit } from '../../src/report/junit.ts';
import { verifyMarkdown } from '../../src/report/markdown.ts';
import { verifySarif } from '../../src/report/sarif.ts';
import { type VerifyReport, verifyJson, verifyText } from '../../src/report/verify.ts';
import { filesOf, reportOn } from './audited.ts';

const FORMS: Readonly<Record<string, (report: VerifyReport) => unknown>> = {
  text: verifyText,
  json: verifyJson,
  sarif: verifySarif,
  junit: (report) => verifyJunit(report, SEVERITIES),
  markdown: verifyMarkdown,
  html: verifyHtml,
};

let report: VerifyReport;
let secrets: readonly string[];
beforeAll(async () => {
  const good = await filesOf();
  const keyOf = (path: string): string => good.find((file) => file.path === path)?.contents ?? '';
  // Keys where none belongs, half a key, a key in a kubeconfig that cannot be read.
  const files: readonly PkiFile[] = await filesOf({
    'pki/ca.crt': keyOf('pki/ca.key'),
    'pki/apiserver.crt': keyOf('pki/apiserver.crt') + keyOf('pki/apiserver.key'),
    'pki/sa.key': keyOf('pki/sa.key').slice(0, 120),
    'admin.conf': keyOf('admin.conf').replace('kind: Config', 'kind: ['),
    [`pki/old.key`]: keyOf('pki/etcd/ca.key'),
  });
  report = await reportOn(files);
  secrets = files
    .flatMap(({ contents }) => [contents, ...(contents.match(/(?<=client-key-data: )\S+/g) ?? [])])
    .flatMap((text) => (text.startsWith('LS0t') ? [text, Buffer.from(text, 'base64').toString()] : [text]))
    .flatMap((text) => [...text.matchAll(/-----BEGIN \w* ?PRIVATE KEY-----\n([^-]+)/g)])
    .flatMap(([, body = '']) => body.trim().split('\n'))
    // What the keys of a curve have in common is at their beginning.
    .map((line) => line.slice(-16));
});

test.each(Object.keys(FORMS))('the report as %s holds nothing of any private key', async (form) => {
  expect(secrets.length).toBeGreaterThan(20);
  const text = JSON.stringify(await FORMS[form]?.(report));
  expect(text).toContain('private-key-exposed');
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
});
