import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import type { Evidence } from '../../src/checks/evidence.ts';
import { type SignatureNode, signatureTree, treeText } from '../../src/report/tree.ts';
import { treeDot, treeMermaid } from '../../src/report/tree-graphs.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { filesOf, hostileReport, reportOn } from './audited.ts';

/** A tree as names: `ca(apiserver scheduler.conf)`. */
const shape = (nodes: readonly SignatureNode[]): string =>
  nodes.map(({ id, signed }) => (signed.length === 0 ? id : `${id}(${shape(signed)})`)).join(' ');

async function evidenceOf(...args: Parameters<typeof filesOf>): Promise<Evidence> {
  return (await reportOn(await filesOf(...args))).verification.evidence;
}

/** Evidence in which other CAs made the signatures. */
function resigned(evidence: Evidence, signers: Readonly<Record<string, readonly string[]>>): Evidence {
  return new Map([...evidence].map(([id, row]) => [id, { ...row, signedBy: signers[id] ?? row.signedBy }]));
}

let evidence: Evidence;
beforeAll(async () => {
  evidence = await evidenceOf();
});

const ETCD = 'etcd-ca(etcd-server etcd-peer etcd-healthcheck-client apiserver-etcd-client)';

describe('the tree', () => {
  test('has every certificate below the CA that signed it', async () => {
    expect(shape(signatureTree(evidence))).toBe(
      'ca(apiserver apiserver-kubelet-client admin.conf kubelet.conf controller-manager.conf scheduler.conf) ' +
        `front-proxy-ca(front-proxy-client) ${ETCD}`,
    );
    const [root, ...others] = signatureTree(await evidenceOf({}, { rootCa: true }));
    expect(others).toEqual([]);
    expect(root?.signed.map(({ id }) => id)).toEqual(['ca', 'front-proxy-ca', 'etcd-ca']);
  });

  test('goes by the signatures, and says who should have made them', () => {
    const roots = signatureTree(resigned(evidence, { 'etcd-peer': ['ca'], scheduler: [], 'admin.conf': [] }));
    expect(shape(roots)).toContain('ca(apiserver apiserver-kubelet-client etcd-peer kubelet.conf');
    expect(shape(roots)).toMatch(/ admin\.conf$/);
    expect(treeText(roots, { isUnicode: false }).join('\n')).toMatch(
      /etcd-peer .* should be signed by etcd-ca\n[^]*\nadmin\.conf .* signed by CN=kubernetes-ca, which is not here$/,
    );
  });

  test('has CAs that signed each other once', () => {
    const circle = resigned(evidence, { ca: ['etcd-ca'], 'etcd-ca': ['ca'] });
    expect(shape(signatureTree(circle))).toMatch(
      /^front-proxy-ca\(\S+\) ca\(apiserver .* etcd-ca\(etcd-server .*\)/,
    );
  });

  test('is drawn with lines of Unicode, or with ASCII alone', () => {
    const roots = signatureTree(evidence);
    const unicode = treeText(roots, { isUnicode: true });
    expect(unicode[2]).toMatch(/^├── apiserver +CN=kube-apiserver +2027-11-23$/);
    expect(unicode).toContainEqual(expect.stringMatching(/^└── scheduler\.conf /));
    const ascii = treeText(roots, { isUnicode: false }).join('\n');
    expect(ascii).toMatch(/^[\n -~]*$/);
    expect(ascii).toMatch(/^\|-- apiserver [^]*^`-- scheduler\.conf /m);
  });

  test('holds a line of its ancestors through', async () => {
    const text = treeText(signatureTree(await evidenceOf({}, { rootCa: true })), { isUnicode: false });
    expect(text).toContainEqual(expect.stringMatching(/^\|-- ca /));
    expect(text).toContainEqual(expect.stringMatching(/^\|   `-- scheduler\.conf /));
    expect(text).toContainEqual(expect.stringMatching(/^ {4}`-- apiserver-etcd-client /));
  });
});

describe('the drawings', () => {
  test('have a node for each certificate and an arrow to what it signed', () => {
    const roots = signatureTree(evidence);
    const mermaid = treeMermaid(roots);
    expect(mermaid).toContain('  n0[["ca<br>CN=kubernetes-ca<br>ends 2036-11-20"]]');
    expect(mermaid.filter((line) => line.includes(' --> '))).toHaveLength(11);
    expect(treeDot(roots).filter((line) => line.includes(' -> '))).toHaveLength(11);
  });

  test('say nothing in Mermaid that a name made up', async () => {
    const { verification } = await hostileReport();
    const lines = treeMermaid(signatureTree(verification.evidence));
    const label = /^ {2}n\d+(?:\[\["(.*)"\]\]|\["(.*)"\])$/;
    const labels = lines.flatMap((line) => label.exec(line)?.slice(1).filter(Boolean) ?? []);
    expect(labels).toHaveLength(verification.evidence.size - 1);
    for (const text of labels) expect(text).toMatch(/^(?:[A-Za-z0-9 .,:=-]|#\d+;|<br>)*$/);
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}style n\d+ stroke:/));
  });
});

oracle(
  'graphviz',
  isOnPath('dot'),
  'dot is not on the PATH',
)('the drawing for Graphviz', () => {
  test('is drawn, and every name shows as it is', async () => {
    const { verification } = await hostileReport();
    const input = treeDot(signatureTree(verification.evidence)).join('\n');
    const { status, stdout, stderr } = spawnSync('dot', ['-Tsvg'], { input, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(
      'CN=\\&lt;/script\\&gt;\\&lt;script\\&gt;document.title\\=&#39;run&#39;\\&lt;/script\\&gt;',
    );
    expect(stdout.match(/class="edge"/g)).toHaveLength(10);
  });
});
