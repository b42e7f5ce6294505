import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { issueCa } from '../../src/ca/issue.ts';
import { issueLeaf } from '../../src/certs/issue.ts';
import type { AuditOptions } from '../../src/checks/check.ts';
import {
  type Evidence,
  type PresentFile,
  parseAnyEvidence,
  parseEvidence,
} from '../../src/checks/evidence.ts';
import { runChecks } from '../../src/checks/run.ts';
import type { ClusterOptions } from '../../src/cluster/options.ts';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import { generateClusterPki } from '../../src/index.ts';
import { encodeKubeconfig } from '../../src/kubeconfig/encode.ts';
import type { DesiredCertificate } from '../../src/resolve/desired.ts';
import { resolveRows } from '../../src/resolve/rows.ts';
import { loadForeignReader, strictReader } from '../../src/x509/certificate-reader.ts';
import { encodePublicKeyPem, generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';
import { forgeCertificate } from '../x509/forge.ts';

const options: ClusterOptions = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' };
const now = new Date('2026-12-01T00:00:00Z');
type Tree = ReadonlyMap<string, string>;

let tree: Tree;
let rootTree: Tree;
beforeAll(async () => {
  const treeOf = async (more: ClusterOptions): Promise<Tree> =>
    new Map(
      (await generateClusterPki({ ...options, ...more, now })).files.map((file) => [
        file.path,
        file.contents,
      ]),
    );
  tree = await treeOf({});
  rootTree = await treeOf({ rootCa: true });
});

/** What the checks say of a tree, notices left out unless asked for. */
async function findings(
  files: Tree,
  {
    request = options,
    at = now,
    mode,
    audit,
  }: { request?: ClusterOptions; at?: Date; mode?: (path: string) => number; audit?: AuditOptions } = {},
): Promise<readonly { code: string; severity: string; path: string; found?: string; message: string }[]> {
  const rows = resolveRows(parseClusterSpec(request, {}).spec);
  const present = [...files].map(
    ([path, contents]): PresentFile => ({
      path,
      contents,
      ...(mode === undefined ? {} : { mode: mode(path) }),
    }),
  );
  const evidence = await parseEvidence({ rows, files: present, signers: new Map() }, strictReader);
  return runChecks({ now: at, evidence, signers: new Set(), ...(audit === undefined ? {} : { audit }) });
}

async function codes(...args: Parameters<typeof findings>): Promise<readonly string[]> {
  return (await findings(...args)).map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

function changed(files: Tree, changes: Readonly<Record<string, string | undefined>>): Tree {
  const result = new Map(files);
  for (const [path, contents] of Object.entries(changes)) {
    if (contents === undefined) result.delete(path);
    else result.set(path, contents);
  }
  return result;
}

const text = (files: Tree, path: string): string => files.get(path) ?? '';
const certificate = (pem: string) => strictReader.parse(parsePemBlocks(pem)[0]?.der ?? new Uint8Array());

/** The certificate of a row, issued again for the same key with something changed, by the CA at `ca`. */
async function reissued(
  id: string,
  change: Partial<DesiredCertificate>,
  {
    ca = 'pki/ca',
    from = now,
    days = 365,
    files = tree,
  }: { ca?: string; from?: Date; days?: number; files?: Tree } = {},
): Promise<string> {
  const row = resolveRows(parseClusterSpec(options, {}).spec).find((candidate) => candidate.id === id);
  const path = row?.files[0]?.path ?? '';
  if (row === undefined || !('certificate' in row)) throw new Error(`${id} has no certificate`);
  const key = path.endsWith('.conf')
    ? await generateKeyPair('ECDSA-P256')
    : parsePrivateKey(text(files, path.replace('.crt', '.key')));
  const validity = {
    notBefore: from,
    notAfter: new Date(from.getTime() + days * 86_400_000),
    isCapped: false,
  };
  const der = await issueLeaf(
    { ...row.certificate, ...change },
    { spkiDer: key.spkiDer, serial: Uint8Array.of(0x42, 1, 2, 3, 4, 5, 6, 7), validity },
    { certificate: certificate(text(files, `${ca}.crt`)), signer: parsePrivateKey(text(files, `${ca}.key`)) },
  );
  const pem = encodePem('CERTIFICATE', der);
  if (row.kind !== 'kubeconfig') return pem;
  return encodeKubeconfig(row.kubeconfig, {
    certificateAuthorityPem: text(files, 'pki/ca.crt'),
    clientCertificatePem: pem,
    clientKeyPem: key.privateKeyPem,
  });
}

const base64 = (pem: string): string => Buffer.from(pem).toString('base64');

test('a tree that was just made has no findings', async () => {
  expect(await findings(tree)).toEqual([]);
  expect(await findings(rootTree, { request: { ...options, rootCa: true } })).toEqual([]);
});

describe('the reader', () => {
  const presentOf = (files: Tree) => ({
    rows: resolveRows(parseClusterSpec(options, {}).spec),
    files: [...files].map(([path, contents]) => ({ path, contents })),
    signers: new Map(),
  });
  // Keys sign by functions, which are never the same.
  const asText = (evidence: Evidence): string => JSON.stringify([...evidence]);

  test('is the strict one for what is issued here', async () => {
    const { evidence, reader } = await parseAnyEvidence(presentOf(tree));
    expect(reader).toBe(strictReader);
    expect(asText(evidence)).toBe(asText(await parseEvidence(presentOf(tree), await loadForeignReader())));
  });

  test.each([
    ['cannot be read', (): Uint8Array => Uint8Array.of(0x30, 0)],
    [
      'has a key of a kind that is not issued here',
      () =>
        forgeCertificate({
          spkiDer: generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).publicKey.export({
            type: 'spki',
            format: 'der',
          }),
        }),
    ],
    [
      'is signed in a way that is not used here',
      () =>
        forgeCertificate({
          signature: {
            algorithm: Buffer.from('300906072a8648ce3d0401', 'hex'),
            hash: 'sha1',
            key: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
          },
        }),
    ],
  ])('is the foreign one for all where one certificate %s', async (_, forge) => {
    const present = presentOf(changed(tree, { 'pki/front-proxy-ca.crt': encodePem('CERTIFICATE', forge()) }));
    const { evidence, reader } = await parseAnyEvidence(present);
    expect(reader).not.toBe(strictReader);
    expect(asText(evidence)).toBe(asText(await parseEvidence(present, await loadForeignReader())));
  });
});

describe('files', () => {
  test.each([
    ['pki/apiserver.crt', 'certificate-unreadable'],
    ['pki/apiserver.key', 'key-unreadable'],
    ['pki/sa.pub', 'public-key-unreadable'],
    ['admin.conf', 'kubeconfig-unreadable'],
  ])('%s that is empty is %s', async (path, code) => {
    expect(await codes(changed(tree, { [path]: '' }))).toContain(`error ${code} ${path}`);
  });

  test('something else in the place of a file is an error', async () => {
    const rows = resolveRows(parseClusterSpec(options, {}).spec);
    const evidence = await parseEvidence(
      { rows, files: [{ path: 'pki/ca.key', obstacle: 'is a directory' }], signers: new Map() },
      strictReader,
    );
    expect(runChecks({ now, evidence, signers: new Set() })).toMatchObject([
      { code: 'file-unreadable', message: 'is a directory' },
      { code: 'half-pair' },
    ]);
  });

  test.each([['pki/apiserver.key'], ['pki/apiserver.crt'], ['pki/ca.crt'], ['pki/sa.key']])(
    'half a pair, without %s, is an error',
    async (path) => {
      const found = (await codes(changed(tree, { [path]: undefined }))).filter((line) =>
        line.includes('half-pair'),
      );
      expect(found).toHaveLength(1);
    },
  );

  test.each([['pki/ca.key'], ['pki/sa.pub']])('%s may stay away', async (path) => {
    expect(await codes(changed(tree, { [path]: undefined }))).toEqual([]);
  });

  test('a mode that lets others in is a warning, a stricter one a notice', async () => {
    const mode = (path: string): number => {
      if (path === 'pki/ca.key') return 0o640;
      if (path === 'pki/sa.pub') return 0o600;
      return /\.(crt|pub)$/.test(path) ? 0o644 : 0o600;
    };
    expect(await codes(tree, { mode })).toEqual([
      'warning mode-too-open pki/ca.key',
      'notice mode-stricter pki/sa.pub',
    ]);
  });

  test.each(['pki/ca.crt', 'pki/sa.pub', 'pki/apiserver.crt', 'admin.conf'])(
    '%s that everybody may write is an error to an audit, and a warning before it is completed',
    async (path) => {
      const mode = (of: string): number => (of === path ? 0o662 : /\.(crt|pub)$/.test(of) ? 0o644 : 0o600);
      const audit = { warnWithinSeconds: 0 };
      expect(await codes(tree, { mode, audit })).toEqual([`error file-writable ${path}`]);
      expect(await codes(tree, { mode })).toEqual([`warning mode-too-open ${path}`]);
    },
  );

  test('two root certificates in its two places are an error', async () => {
    const request = { ...options, rootCa: true, rootCaDir: '/vault' };
    const other = await generateClusterPki({ ...options, rootCa: true, now });
    const copy = other.files.find((file) => file.path === 'pki/root-ca.crt')?.contents;
    const files = changed(rootTree, { 'pki/root-ca.key': undefined, 'root-ca/root-ca.crt': copy });
    expect(await codes(files, { request })).toEqual(['error copy-differs root-ca/root-ca.crt']);
  });
});

describe('keys', () => {
  test('a key of another certificate is a mismatch', async () => {
    const files = changed(tree, { 'pki/apiserver.key': text(tree, 'pki/front-proxy-client.key') });
    expect(await codes(files)).toEqual(['error pair-mismatch pki/apiserver.crt']);
  });

  test('sa.pub of another key is a mismatch, beside the right one a warning', async () => {
    const other = encodePublicKeyPem((await generateKeyPair('ECDSA-P256')).spkiDer);
    expect(await codes(changed(tree, { 'pki/sa.pub': other }))).toEqual([
      'error public-key-mismatch pki/sa.pub',
    ]);
    const own = text(tree, 'pki/sa.pub');
    expect(await codes(changed(tree, { 'pki/sa.pub': other + own }))).toEqual([
      'warning public-key-surplus pki/sa.pub',
    ]);
  });

  test('each public key beside that of the private key lets somebody else make tokens', async () => {
    const other = async (): Promise<string> =>
      encodePublicKeyPem((await generateKeyPair('ECDSA-P256')).spkiDer);
    const [one, two] = [await other(), await other()];
    const own = text(tree, 'pki/sa.pub');
    const messages = async (contents: string, more: Readonly<Record<string, undefined>> = {}) =>
      (await findings(changed(tree, { 'pki/sa.pub': contents, ...more }))).map(({ message }) => message);
    expect(await messages(own + own)).toEqual([]);
    expect(await messages(own + one)).toEqual(['holds a further public key, whose private key is not here']);
    expect(await messages(one + own + two)).toEqual([
      'holds 2 further public keys, whose private keys are not here',
    ]);
  });

  test('another algorithm is an error on a leaf and a notice on a CA and the service account pair', async () => {
    const found = await codes(tree, { request: { ...options, keyAlgorithm: 'ECDSA-P384' } });
    expect(found).toContain('error key-algorithm pki/apiserver.crt');
    expect(found).toContain('error key-algorithm admin.conf');
    expect(found).toContain('notice kept-key-algorithm pki/ca.crt');
    expect(found).toContain('notice kept-key-algorithm pki/sa.key');
  });
});

test('a kubeconfig of kubeadm before 1.31 may have the key of a renewal', async () => {
  const request = { ...options, profile: 'kubeadm', kubernetesVersion: '1.30.4' } as const;
  const made = await generateClusterPki({ ...request, kubernetesVersion: '1.31.0', now });
  const files = new Map(made.files.map((file) => [file.path, file.contents]));
  expect(await codes(files, { request })).not.toContain('error key-algorithm admin.conf');
});

describe('signatures', () => {
  test('a leaf of another CA is named with both CAs', async () => {
    const pem = await reissued('etcd-server', {}, { ca: 'pki/ca' });
    const found = await findings(changed(tree, { 'pki/etcd/server.crt': pem }));
    expect(found).toMatchObject([
      {
        code: 'signer-mismatch',
        path: 'pki/etcd/server.crt',
        expected: 'the key of etcd-ca',
        found: 'the key of ca',
      },
    ]);
  });

  test('a signature that nobody checks is not said to be of another CA', async () => {
    const leaf = certificate(text(tree, 'pki/apiserver.crt'));
    const key = createPrivateKey(text(tree, 'pki/ca.key'));
    // ecdsa-with-SHA224, which no reader here verifies.
    const algorithm = Buffer.from('300a06082a8648ce3d040301', 'hex');
    const forged = (issuerDer: Uint8Array): Tree => {
      const { der: subjectDer } = leaf.subject;
      const names = { issuerDer, subjectDer, spkiDer: leaf.spkiDer };
      const der = forgeCertificate({ ...names, version: 3, signature: { algorithm, hash: 'sha224', key } });
      return changed(tree, { 'pki/apiserver.crt': encodePem('CERTIFICATE', der) });
    };
    const mismatches = async (files: Tree, audit?: AuditOptions): Promise<readonly string[]> =>
      (await findings(files, audit === undefined ? {} : { audit }))
        .filter(({ code }) => code === 'signer-mismatch')
        .map(({ message }) => message);
    const byCa = forged(leaf.issuer.der);
    expect(await mismatches(byCa)).toEqual(['has a signature that cannot be checked']);
    expect(await mismatches(byCa, { warnWithinSeconds: 0 })).toEqual([]);
    // Of one that names itself `signature-refused` says nothing.
    expect(await mismatches(forged(leaf.subject.der), { warnWithinSeconds: 0 })).toEqual([
      'has a signature that cannot be checked',
    ]);
  });

  test('a CA of the same name with another key signed none of the leaves', async () => {
    const other = await generateClusterPki({ ...options, now });
    const file = (path: string): string =>
      other.files.find((candidate) => candidate.path === path)?.contents ?? '';
    const files = changed(tree, {
      'pki/etcd/ca.crt': file('pki/etcd/ca.crt'),
      'pki/etcd/ca.key': file('pki/etcd/ca.key'),
    });
    const found = (await codes(files)).filter((line) => line.startsWith('error'));
    expect(found).toEqual([
      'error signer-mismatch pki/etcd/server.crt',
      'error signer-mismatch pki/etcd/peer.crt',
      'error signer-mismatch pki/etcd/healthcheck-client.crt',
      'error signer-mismatch pki/apiserver-etcd-client.crt',
    ]);
  });

  test('a leaf without its CA is an error', async () => {
    const files = changed(tree, { 'pki/front-proxy-ca.crt': undefined, 'pki/front-proxy-ca.key': undefined });
    expect(await codes(files)).toEqual(['error signer-absent pki/front-proxy-client.crt']);
  });

  test('a leaf that is missing while its CA has no key is an error', async () => {
    const files = changed(tree, {
      'pki/front-proxy-ca.key': undefined,
      'pki/front-proxy-client.crt': undefined,
      'pki/front-proxy-client.key': undefined,
    });
    expect(await codes(files)).toEqual(['error signer-key-absent pki/front-proxy-client.crt']);
  });

  test('an intermediate CA without --root-ca is a notice, and so is what the root adds', async () => {
    const found = await codes(rootTree);
    expect(found).toContain('notice foreign-intermediate pki/ca.crt');
    expect(found).toContain('error trust admin.conf');
  });

  test('a served certificate without its intermediate, and a bundle without its root, are found', async () => {
    const [leaf] = parsePemBlocks(text(rootTree, 'pki/apiserver.crt'));
    const files = changed(rootTree, {
      'pki/apiserver.crt': encodePem('CERTIFICATE', leaf?.der ?? new Uint8Array()),
      'pki/ca-chain.crt': text(rootTree, 'pki/ca.crt'),
    });
    expect(await codes(files, { request: { ...options, rootCa: true } })).toEqual([
      'warning chain-incomplete pki/apiserver.crt',
      'error bundle-mismatch pki/ca-chain.crt',
    ]);
  });
});

describe('authorities', () => {
  const rooted = { ...options, rootCa: true };
  const authority = async (id: string, change: Partial<DesiredCertificate>): Promise<Tree> => {
    const row = resolveRows(parseClusterSpec(options, {}).spec).find((candidate) => candidate.id === id);
    if (row?.kind !== 'ca') throw new Error(`${id} is no CA`);
    const path = `pki/${id}`;
    const key = parsePrivateKey(text(tree, `${path}.key`));
    const validity = { notBefore: now, notAfter: new Date(now.getTime() + 86_400_000), isCapped: false };
    const der = await issueCa(
      { ...row.certificate, ...change },
      { serial: Uint8Array.of(0x42), validity },
      { own: key },
    );
    return changed(tree, { [`${path}.crt`]: encodePem('CERTIFICATE', der) });
  };

  test('the CA of another role in the file of one is an error: whom it signed would be let in', async () => {
    const both = text(tree, 'pki/etcd/ca.crt') + text(tree, 'pki/ca.crt');
    expect(await codes(changed(tree, { 'pki/etcd/ca.crt': both }))).toEqual([
      'error shared-authority pki/etcd/ca.crt',
    ]);
    const other = await generateClusterPki({ ...options, now });
    const next = other.files.find((file) => file.path === 'pki/etcd/ca.crt')?.contents ?? '';
    expect(await findings(changed(tree, { 'pki/etcd/ca.crt': both + next }))).toMatchObject([
      { code: 'shared-authority' },
      { code: 'authority-surplus', found: '"CN=etcd-ca"' },
    ]);
  });

  test('the root in the file of a CA is an error', async () => {
    const both = text(rootTree, 'pki/etcd/ca.crt') + text(rootTree, 'pki/root-ca.crt');
    const found = await codes(changed(rootTree, { 'pki/etcd/ca.crt': both }), { request: rooted });
    expect(found).toContain('error shared-authority pki/etcd/ca.crt');
  });

  test('one CA in two roles is an error', async () => {
    const files = changed(tree, {
      'pki/front-proxy-ca.crt': text(tree, 'pki/ca.crt'),
      'pki/front-proxy-ca.key': text(tree, 'pki/ca.key'),
      'pki/front-proxy-client.crt': undefined,
      'pki/front-proxy-client.key': undefined,
    });
    expect((await codes(files)).filter((line) => line.startsWith('error'))).toEqual([
      'error shared-authority pki/ca.crt',
      'error shared-authority pki/front-proxy-ca.crt',
    ]);
  });

  test('a further certificate, as in a rotation, is a warning', async () => {
    const other = await generateClusterPki({ ...options, now });
    const next = other.files.find((file) => file.path === 'pki/ca.crt')?.contents ?? '';
    const files = changed(tree, { 'pki/ca.crt': text(tree, 'pki/ca.crt') + next });
    expect(await codes(files)).toEqual(['warning authority-surplus pki/ca.crt']);
  });

  test('a further certificate that has ended or ends soon is a warning, of many of them the first few', async () => {
    const other = await generateClusterPki({ ...options, now, caValidity: '30d', certValidity: '1d' });
    const next = other.files.find((file) => file.path === 'pki/ca.crt')?.contents ?? '';
    const ended = async (contents: string, days: number): Promise<readonly string[]> => {
      const at = new Date(now.getTime() + days * 86_400_000);
      const audit = { warnWithinSeconds: 86_400 };
      const all = await findings(changed(tree, { 'pki/ca.crt': contents }), { at, audit });
      return all.filter(({ code }) => code === 'further-authority-ends').map(({ message }) => message);
    };
    const own = text(tree, 'pki/ca.crt');
    expect(await ended(own + next, 28)).toEqual([]);
    expect(await ended(own + next, 29.5)).toEqual([
      'holds a further certificate that ends soon (certificate 2 of 2, "CN=kubernetes-ca")',
    ]);
    expect(await ended(own + next, 31)).toEqual([
      'holds a further certificate that has expired (certificate 2 of 2, "CN=kubernetes-ca")',
    ]);
    const many = await ended(own + next.repeat(20), 31);
    expect(many).toHaveLength(11);
    expect(many.at(-1)).toBe('has 10 further certificates of which the same is so');
  });

  test('a root that may have no CA below it is an error', async () => {
    const root = parsePrivateKey(text(rootTree, 'pki/root-ca.key'));
    const [row] = resolveRows(parseClusterSpec(rooted, {}).spec);
    if (row?.kind !== 'ca') throw new Error('the first row is no CA');
    const validity = { notBefore: now, notAfter: new Date(now.getTime() + 86_400_000), isCapped: false };
    const der = await issueCa(
      { ...row.certificate, pathLength: 0 },
      { serial: Uint8Array.of(0x42), validity },
      { own: root },
    );
    const files = changed(rootTree, { 'pki/root-ca.crt': encodePem('CERTIFICATE', der) });
    expect(await codes(files, { request: rooted })).toContain('error path-length-short pki/root-ca.crt');
  });

  test('a CA for clients alone cannot sign servers', async () => {
    const found = await codes(await authority('ca', { extKeyUsage: ['clientAuth'] }));
    expect(found.filter((line) => line.endsWith('pki/ca.crt'))).toEqual(['error authority-usage pki/ca.crt']);
    const both = await codes(await authority('ca', { extKeyUsage: ['clientAuth', 'serverAuth'] }));
    expect(both.filter((line) => line.endsWith('pki/ca.crt'))).toEqual([]);
  });

  test.each([
    ['2.5.29.30', ['name-constraints']],
    ['1.2.3.4', ['critical-extension-unknown']],
    // cRLDistributionPoints, which Go reads and does nothing with.
    ['2.5.29.31', []],
    // policyMappings, which Go heeds; authorityInfoAccess, which it refuses where it is critical.
    ['2.5.29.33', []],
    ['1.3.6.1.5.5.7.1.1', ['critical-extension-unknown']],
  ])('the critical extension %s on a CA is %j', async (oid, found) => {
    const rows = resolveRows(parseClusterSpec(options, {}).spec);
    const files = [...tree].map(([path, contents]) => ({ path, contents }));
    const evidence = new Map(await parseEvidence({ rows, files, signers: new Map() }, strictReader));
    const ca = evidence.get('ca');
    if (ca?.authority === undefined) throw new Error('there is no CA');
    const odd = {
      ...ca.authority,
      extensions: [...ca.authority.extensions, { oid, critical: true, der: new Uint8Array() }],
    };
    evidence.set('ca', { ...ca, authority: odd, certificates: [odd] });
    expect(runChecks({ now, evidence, signers: new Set() }).map((finding) => finding.code)).toEqual(found);
  });

  test('the key of a root that is to be kept apart is not left beside what it signs', async () => {
    const files = changed(rootTree, { 'root-ca/root-ca.crt': text(rootTree, 'pki/root-ca.crt') });
    const found = await codes(files, { request: { ...rooted, rootCaDir: '/media/vault' } });
    expect(found).toEqual(['warning root-key-beside pki/root-ca.key']);
  });
});

describe('secrets', () => {
  test.each(['pki/ca.crt', 'pki/apiserver.crt', 'pki/sa.pub'])(
    'a private key in %s, which all may read, is an error',
    async (path) => {
      const files = changed(tree, { [path]: text(tree, path) + text(tree, 'pki/apiserver.key') });
      expect(await codes(files)).toContain(`error private-key-exposed ${path}`);
    },
  );

  test('a service account key that the API server does not take is an error', async () => {
    const key = await generateKeyPair('Ed25519');
    const files = changed(tree, {
      'pki/sa.key': key.privateKeyPem,
      'pki/sa.pub': encodePublicKeyPem(key.spkiDer),
    });
    expect(await codes(files)).toContain('error service-account-algorithm pki/sa.key');
  });
});

describe('roles', () => {
  const sans = [{ kind: 'dns', value: 'kubernetes' }] as const;

  test.each<[string, string, Partial<DesiredCertificate>, string]>([
    ['common-name', 'apiserver-kubelet-client', { commonName: 'kubelet-client' }, 'error'],
    ['organization', 'apiserver-kubelet-client', { organization: [] }, 'error'],
    ['organization', 'apiserver-kubelet-client', { organization: ['system:masters', 'more'] }, 'error'],
    ['organization', 'front-proxy-client', { organization: ['system:masters'] }, 'error'],
    ['extended-key-usage-missing', 'apiserver', { extKeyUsage: ['clientAuth'] }, 'error'],
    ['extended-key-usage-surplus', 'apiserver', { extKeyUsage: ['serverAuth', 'clientAuth'] }, 'warning'],
    ['extended-key-usage-surplus', 'apiserver', { extKeyUsage: [] }, 'warning'],
    ['key-usage-missing', 'apiserver', { keyUsage: ['keyAgreement'] }, 'error'],
    ['key-usage-differs', 'apiserver', { keyUsage: ['digitalSignature', 'keyAgreement'] }, 'notice'],
    ['is-a-ca', 'apiserver', { isCa: true }, 'error'],
    ['subject-alternative-name-surplus', 'apiserver-kubelet-client', { sans }, 'warning'],
  ])('%s is found on %s with %j', async (code, id, change, severity) => {
    const ca = id === 'front-proxy-client' ? 'pki/front-proxy-ca' : 'pki/ca';
    const files = changed(tree, { [`pki/${id}.crt`]: await reissued(id, change, { ca }) });
    expect(await codes(files)).toContain(`${severity} ${code} pki/${id}.crt`);
  });

  test('every missing name is in the error, names being compared without case', async () => {
    const pem = await reissued('apiserver', {
      sans: [
        { kind: 'dns', value: 'CP1' },
        { kind: 'ip', value: '192.0.2.10' },
      ],
    });
    const found = await findings(changed(tree, { 'pki/apiserver.crt': pem }));
    expect(found).toMatchObject([
      {
        code: 'subject-alternative-name-missing',
        message:
          'lacks DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, DNS:kubernetes.default.svc.cluster, DNS:kubernetes.default.svc.cluster.local, IP:10.96.0.1',
      },
    ]);
  });

  test('a name of the wrong kind is missing and surplus', async () => {
    const row = resolveRows(parseClusterSpec(options, {}).spec).find(({ id }) => id === 'apiserver');
    const own = row?.kind === 'certificate' ? row.certificate.sans : [];
    const wrong = own.map((name) =>
      name.value === '192.0.2.10' ? ({ kind: 'dns', value: name.value } as const) : name,
    );
    const found = await codes(
      changed(tree, { 'pki/apiserver.crt': await reissued('apiserver', { sans: wrong }) }),
    );
    expect(found).toEqual([
      'error subject-alternative-name-missing pki/apiserver.crt',
      'warning subject-alternative-name-surplus pki/apiserver.crt',
    ]);
  });

  test('a leaf in the place of a CA is not one, whatever else it is', async () => {
    const files = changed(tree, {
      'pki/front-proxy-ca.crt': text(tree, 'pki/front-proxy-client.crt'),
      'pki/front-proxy-ca.key': text(tree, 'pki/front-proxy-client.key'),
    });
    expect(await codes(files)).toContain('error not-a-ca pki/front-proxy-ca.crt');
  });

  test('a CA by another name is a notice', async () => {
    const found = await codes(tree, { request: { ...options, profile: 'kubeadm' } });
    expect(found).toContain('notice ca-common-name pki/ca.crt');
    expect(found).toContain('error common-name pki/etcd/server.crt');
    expect(found).toContain('warning kubeconfig-names admin.conf');
  });

  test('a CA without the path length of the hardened profile is a notice', async () => {
    expect(await codes(tree, { request: { ...options, profile: 'hardened' } })).toContain(
      'notice path-length pki/ca.crt',
    );
  });
});

describe('time', () => {
  test('expired is an error from the second after the last', async () => {
    const { notAfter } = certificate(text(tree, 'pki/apiserver.crt'));
    expect(await codes(tree, { at: notAfter })).toEqual([]);
    const later = await codes(tree, { at: new Date(notAfter.getTime() + 1000) });
    expect(later).toContain('error expired pki/apiserver.crt');
    expect(later).toContain('error expired admin.conf');
  });

  test('not yet valid is an error until the first second', async () => {
    const { notBefore } = certificate(text(tree, 'pki/apiserver.crt'));
    expect(await codes(tree, { at: notBefore })).toEqual([]);
    const earlier = await codes(tree, { at: new Date(notBefore.getTime() - 1000) });
    expect(earlier).toContain('error not-yet-valid pki/ca.crt');
  });

  test('a leaf that outlives its CA, or lives longer than asked for, is a notice', async () => {
    const pem = await reissued('apiserver', {}, { days: 11 * 365 });
    expect(await codes(changed(tree, { 'pki/apiserver.crt': pem }))).toEqual([
      'notice outlives-signer pki/apiserver.crt',
      'notice lifetime-longer pki/apiserver.crt',
    ]);
  });
});

describe('kubeconfigs', () => {
  const admin = (edit: (contents: string) => string): Tree =>
    changed(tree, { 'admin.conf': edit(text(tree, 'admin.conf')) });

  test('another server is an error', async () => {
    const found = await findings(admin((contents) => contents.replace('192.0.2.10:6443', '192.0.2.99:6443')));
    expect(found).toMatchObject([{ code: 'server', found: 'https://192.0.2.99:6443' }]);
  });

  test.each(['https://192.0.2.10:6443/', 'HTTPS://192.0.2.10:6443', 'https://[::ffff:192.0.2.10]:6443'])(
    '%s is the same server by another text',
    async (server) => {
      expect(await codes(admin((contents) => contents.replace('https://192.0.2.10:6443', server)))).toEqual(
        [],
      );
    },
  );

  test.each([
    'https://192.0.2.10',
    'https://192.0.2.10:6443/api',
    'https://me@192.0.2.10:6443',
    'https://3221225994:6443',
  ])('%s is another one', async (server) => {
    const found = await codes(admin((contents) => contents.replace('https://192.0.2.10:6443', server)));
    expect(found).toEqual(['error server admin.conf']);
  });

  test('the server that kubeadm names by a gate or named before is right for its kubelet, and for nobody else', async () => {
    const request = { ...options, profile: 'kubeadm', controlPlaneEndpoint: 'lb.example.com' } as const;
    const { files } = await generateClusterPki({ ...request, now });
    const own = new Map(files.map(({ path, contents }) => [path, contents]));
    const naming = (path: string, host: string) =>
      findings(changed(own, { [path]: text(own, path).replace(/(server: https:..).*:/, `$1${host}:`) }), {
        request,
      });
    expect(text(own, 'kubelet.conf')).toContain('server: https://192.0.2.10:6443');
    expect(await naming('kubelet.conf', 'lb.example.com')).toEqual([]);
    expect(await naming('kubelet.conf', '192.0.2.99')).toMatchObject([
      { code: 'server', expected: 'https://192.0.2.10:6443 or https://lb.example.com:6443' },
    ]);
    expect(await naming('scheduler.conf', 'lb.example.com')).toMatchObject([
      { code: 'server', expected: 'https://192.0.2.10:6443' },
    ]);
  });

  test('another cluster, user or context name is a warning', async () => {
    const found = await codes(admin((contents) => contents.replaceAll('default-cluster', 'east')));
    expect(found).toEqual(['warning kubeconfig-names admin.conf']);
  });

  test('trust in another CA is an error, also beside the right one', async () => {
    const own = base64(text(tree, 'pki/ca.crt'));
    const foreign = text(tree, 'pki/etcd/ca.crt');
    expect(await codes(admin((contents) => contents.replace(own, base64(foreign))))).toEqual([
      'error trust admin.conf',
    ]);
    const both = base64(text(tree, 'pki/ca.crt') + foreign);
    expect(await codes(admin((contents) => contents.replace(own, both)))).toEqual(['error trust admin.conf']);
  });

  test('trust in an earlier certificate of the CA that is here is a warning', async () => {
    const ca = resolveRows(parseClusterSpec(options, {}).spec).find(({ id }) => id === 'ca');
    if (ca?.kind !== 'ca') throw new Error('there is no CA');
    const from = new Date(now.getTime() + 1000);
    const validity = { notBefore: from, notAfter: new Date(from.getTime() + 86_400_000), isCapped: false };
    const der = await issueCa(
      ca.certificate,
      { serial: Uint8Array.of(0x42), validity },
      { own: parsePrivateKey(text(tree, 'pki/ca.key')) },
    );
    const renewed = changed(tree, { 'pki/ca.crt': encodePem('CERTIFICATE', der) });
    const found = await findings(renewed);
    expect(found.map(({ code }) => code)).not.toContain('trust');
    expect(found.filter(({ code }) => code === 'trust-outdated').length).toBeGreaterThan(3);
    expect(found.find(({ path, code }) => path === 'admin.conf' && code.startsWith('trust'))).toMatchObject({
      severity: 'warning',
      message: 'trusts an earlier certificate of the same CA',
    });
    const both = encodePem('CERTIFICATE', der) + text(tree, 'pki/ca.crt');
    const beside = await codes(changed(tree, { 'pki/ca.crt': both }));
    expect(beside.filter((line) => line.includes(' trust'))).toEqual([]);
  });

  test('trust in another than the first CA of several says in which', async () => {
    const other = await generateClusterPki({ ...options, now });
    const [ca] = other.files.filter(({ path }) => path === 'pki/ca.crt');
    const both = (ca?.contents ?? '') + text(tree, 'pki/ca.crt');
    const found = await findings(changed(tree, { 'pki/ca.crt': both }));
    expect(found.find(({ path, code }) => path === 'admin.conf' && code === 'trust')).toMatchObject({
      message: 'does not trust the first CA that is here',
      found: '"CN=kubernetes-ca" with another key',
    });
  });

  test('verification that is switched off is an error', async () => {
    const found = await codes(
      admin((contents) => contents.replace('    server:', '    insecure-skip-tls-verify: true\n    server:')),
    );
    expect(found).toEqual(['error tls-verify-skipped admin.conf']);
  });

  test('a missing credential is an error, one in a file a notice', async () => {
    const without = admin((contents) => contents.replace(/ +client-key-data: .*\n/, ''));
    expect(await codes(without)).toEqual(['error credential-absent admin.conf']);
    expect((await findings(without)).map(({ message }) => message)).toEqual(['carries no client key']);
    const inFile = admin((contents) =>
      contents.replace(
        /client-(certificate|key)-data: .*/g,
        'client-$1: /var/lib/kubelet/pki/kubelet-client-current.pem',
      ),
    );
    expect(await codes(inFile)).toEqual([
      'notice credential-in-file admin.conf',
      'notice credential-in-file admin.conf',
    ]);
  });

  test('trust in a file, a proxy or another credential is a warning', async () => {
    const inFile = admin((contents) =>
      contents.replace(/certificate-authority-data: .*/, 'certificate-authority: /tmp/ca.crt'),
    );
    expect(await codes(inFile)).toEqual(['warning trust-in-file admin.conf']);
    const proxied = await findings(
      admin((contents) => contents.replace('    server:', '    proxy-url: http://192.0.2.66\n    server:')),
    );
    expect(proxied).toMatchObject([{ code: 'kubeconfig-surplus', found: 'proxy-url' }]);
  });

  test('a credential of somebody else is found as on any certificate', async () => {
    const contents = await reissued('admin.conf', { commonName: 'mallory', organization: [] });
    expect(await codes(changed(tree, { 'admin.conf': contents }))).toEqual([
      'error common-name admin.conf',
      'error organization admin.conf',
    ]);
  });

  test('a key in a line that is no YAML is not in the message', async () => {
    const broken = admin((contents) => contents.replace('    client-key-data: ', '    client-key-data: [{'));
    const [finding] = await findings(broken);
    expect(finding).toMatchObject({ code: 'kubeconfig-unreadable' });
    expect(JSON.stringify(finding)).not.toContain('LS0t');
  });
});
