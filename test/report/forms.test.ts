import { beforeAll, expect, test } from '@jest/globals';
import { SEVERITIES } from '../../src/finding.ts';
import type { PkiFile } from '../../src/index.ts';
import { verifyHtml } from '../../src/report/html.ts';
import { verifyJunit } from '../../src/report/junit.ts';
import { verifyMarkdown } from '../../src/report/markdown.ts';
import { verifySarif } from '../../src/report/sarif.ts';
import {
  INFERRED_REMARK,
  inferredRows,
  type VerifyReport,
  verifyJson,
  verifyText,
} from '../../src/report/verify.ts';
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

test('what was taken from the files stands in every form that people read, and nothing where everything was asked for', async () => {
  const files = (
    await filesOf({}, { apiserverCertExtraSans: 'evil.example.com', externalEtcd: true, nodeName: 'cp9' })
  ).filter(({ path }) => !path.startsWith('pki/etcd/'));
  const taken = await reportOn(files);
  expect(taken.verification.findings).toEqual([]);
  expect(inferredRows(taken.verification)).toEqual([
    ['--host-ip', '192.0.2.10'],
    ['--hostname', 'cp1'],
    ['--node-name', 'cp9'],
    ['--apiserver-bind-port', '6443'],
    ['--apiserver-cert-extra-sans', 'evil.example.com'],
    ['--service-cidr', '10.96.0.0/24'],
    ['--service-dns-domain', 'cluster.local'],
    ['--cluster-name', 'default-cluster'],
    ['--external-etcd', 'true'],
    ['--key-algorithm', 'ECDSA-P256'],
    ['--sa-key-algorithm', 'ECDSA-P256'],
  ]);
  expect(verifyText(taken)).toContain(`${INFERRED_REMARK}:`);
  expect(verifyText(taken)).toContain('  --apiserver-cert-extra-sans  evil.example.com');
  expect(verifyMarkdown(taken)).toContain('## Taken from the files');
  expect((await verifyHtml(taken)).join('')).toContain('<td><code>evil.example.com</code></td>');
  const asked = { ...taken, verification: { ...taken.verification, inferred: {} } };
  for (const form of ['text', 'markdown', 'html'])
    expect(JSON.stringify(await FORMS[form]?.(asked)).toLowerCase()).not.toContain('taken from the files');
});
