import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import {
  type ClusterOptions,
  type ClusterPki,
  DIFFERENCES,
  generateClusterPki,
  type KubeadmConfig,
  parseKubeadmConfig,
  verifyClusterPki,
} from '../../src/index.ts';
import { loadForeignReader } from '../../src/x509/certificate-reader.ts';
import { algorithmOfSpki, parsePrivateKey } from '../../src/x509/keys.ts';
import type { Certificate } from '../../src/x509/model.ts';
import { parsePemBlocks } from '../../src/x509/pem.ts';
import type { KeyPair } from '../../src/x509/signer.ts';

// What the real kubeadm wrote, against what the kubeadm profile of that version plans for the same input.
const golden = resolve('fixtures/kubeadm');
const cases = readdirSync(golden).filter((name) => name.startsWith('v'));
// Its certificates end on 2027-11-23; its README says as of when to look at it.
const now = new Date('2026-12-01T00:00:00Z');

type Tree = ReadonlyMap<string, { readonly contents: string; readonly mode: number }>;

/** Modes come from modes.txt: git keeps only the run bit. */
function readGolden(name: string): Tree {
  const lines = readFileSync(join(golden, name, 'modes.txt'), 'utf8')
    .trim()
    .split('\n');
  const files = lines
    .map((line) => line.split(' '))
    .filter(([, path]) => /^(pki\/.*[^/]|[a-z-]+\.conf)$/.test(path ?? ''));
  return new Map(
    files.map(([mode, path = '']) => [
      path,
      { contents: readFileSync(join(golden, name, path), 'utf8'), mode: Number.parseInt(mode ?? '', 8) },
    ]),
  );
}

/** The options of `init` that mean what the configuration means. */
function optionsOf(name: string): ClusterOptions {
  const documents = parseAllDocuments(readFileSync(join(golden, name, 'kubeadm.yaml'), 'utf8')).map(
    (document) => document.toJS(),
  );
  const init = documents.find((document) => document.kind === 'InitConfiguration');
  const cluster = documents.find((document) => document.kind === 'ClusterConfiguration');
  const options: Record<string, unknown> = {
    profile: 'kubeadm',
    kubernetesVersion: cluster.kubernetesVersion,
    hostIp: init.localAPIEndpoint.advertiseAddress,
    hostname: init.nodeRegistration.name,
    keyAlgorithm: cluster.encryptionAlgorithm,
    clusterName: cluster.clusterName,
    controlPlaneEndpoint: cluster.controlPlaneEndpoint,
    apiserverCertExtraSans: cluster.apiServer?.certSANs,
    etcdServerCertExtraSans: cluster.etcd?.local?.serverCertSANs,
    etcdPeerCertExtraSans: cluster.etcd?.local?.peerCertSANs,
    serviceDnsDomain: cluster.networking?.dnsDomain,
    serviceCidr: cluster.networking?.serviceSubnet,
    externalEtcd: cluster.etcd?.external === undefined ? undefined : true,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The keys of the golden tree, handed out again: what differs then is not the keys. */
function keysOf(tree: Tree): () => Promise<KeyPair> {
  const keys = [...tree].flatMap(([path, { contents }]) => {
    if (path.endsWith('.key')) return [parsePrivateKey(contents)];
    if (!path.endsWith('.conf')) return [];
    const data: string = parse(contents).users[0].user['client-key-data'];
    return [parsePrivateKey(Buffer.from(data, 'base64').toString())];
  });
  return async () => {
    const key = keys.pop();
    if (key === undefined) throw new Error('the golden tree has fewer keys than are wanted');
    return key;
  };
}

interface Shape {
  readonly [field: string]: unknown;
}

function nameShape(name: Certificate['subject']): string {
  return Buffer.from(name.der).toString('hex');
}

/** Everything a certificate says, but for key, serial, dates and signature. */
function certificateShape(certificate: Certificate): Shape {
  const shape: Record<string, unknown> = {
    version: certificate.version,
    signatureAlgorithm: certificate.signatureAlgorithmOid,
    subject: nameShape(certificate.subject),
    issuer: nameShape(certificate.issuer),
    serialNumber: certificate.serialHex === '00' ? 'zero' : 'positive',
    keyAlgorithm: algorithmOfSpki(certificate.spkiDer),
    keyUsage: certificate.keyUsage,
    extKeyUsage: certificate.extKeyUsage,
    basicConstraints: certificate.basicConstraints,
    subjectAltName: certificate.subjectAltName,
    subjectKeyIdentifier: certificate.subjectKeyIdentifier === undefined ? 'absent' : 'present',
    subjectKeyIdentifierBytes: (certificate.subjectKeyIdentifier ?? '').length / 2 || 20,
    authorityKeyIdentifier: certificate.authorityKeyIdentifier === undefined ? 'absent' : 'present',
  };
  // The ones that may differ as a whole are compared above; the order and critical bits of the others here.
  shape['extensions'] = certificate.extensions
    .filter(({ oid }) => oid !== '2.5.29.14' && oid !== '2.5.29.17')
    .map(({ oid, critical }) => `${oid}${critical ? ' critical' : ''}`);
  return shape;
}

type Reader = Awaited<ReturnType<typeof loadForeignReader>>;

function shapeOf(path: string, contents: string, reader: Reader): Shape {
  if (path.endsWith('.conf')) {
    const document = parse(contents);
    const { user } = document.users[0];
    const { cluster } = document.clusters[0];
    const pem = (data: string): string => Buffer.from(data, 'base64').toString();
    const [client] = parsePemBlocks(pem(user['client-certificate-data']));
    if (client === undefined) throw new Error('no certificate in it');
    return {
      text: contents.replaceAll(/^( *[a-z-]+-data: ).*$/gm, '$1…'),
      key: parsePemBlocks(pem(user['client-key-data'])).map((block) => block.label),
      trust: parsePemBlocks(pem(cluster['certificate-authority-data'])).map((block) => block.label),
      ...certificateShape(reader.parse(client.der)),
    };
  }
  const blocks = parsePemBlocks(contents);
  const labels = blocks.map((block) => block.label);
  const [first] = blocks;
  if (!path.endsWith('.crt') || first === undefined) return { labels };
  return { labels, ...certificateShape(reader.parse(first.der)) };
}

type Scope = (typeof DIFFERENCES)[number]['scope'];

function scopesOf(path: string, shape: Shape): readonly Scope[] {
  if (path.endsWith('.pub')) return ['publicKey'];
  if (path.endsWith('ca.crt')) return ['ca'];
  const isEc = String(shape['keyAlgorithm']).startsWith('ECDSA');
  return [
    'leaf',
    ...(isEc ? (['ecLeaf'] as const) : []),
    ...(path.endsWith('.conf') ? (['kubeconfig'] as const) : []),
  ];
}

function differencesOf(
  path: string,
  theirs: Shape,
  ours: Shape,
): { readonly listed: string[]; readonly unlisted: string[] } {
  const listed: string[] = [];
  const unlisted: string[] = [];
  for (const field of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const [a, b] = [JSON.stringify(theirs[field]), JSON.stringify(ours[field])];
    if (a === b) continue;
    const scopes = scopesOf(path, ours);
    const entry = DIFFERENCES.find(
      (difference) => difference.field === field && scopes.includes(difference.scope),
    );
    if (entry === undefined) unlisted.push(`${path} ${field}: ${a} → ${b}`);
    else listed.push(entry.id);
  }
  return { listed, unlisted };
}

async function generateLike(name: string): Promise<ClusterPki> {
  const tree = readGolden(name);
  return generateClusterPki({ ...optionsOf(name), now, generateKeyPair: keysOf(tree) });
}

describe('the kubeadm profile against the tree of', () => {
  test.each(cases)('kubeadm %s: the same files, and no difference that is not listed', async (name) => {
    const theirs = readGolden(name);
    const ours = new Map((await generateLike(name)).files.map((file) => [file.path, file]));
    expect([...ours.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());

    const reader = await loadForeignReader();
    const unlisted = [...theirs].flatMap(([path, file]) => {
      const own = ours.get(path);
      if (own === undefined) return [path];
      const shapes = [file, own].map(({ contents, mode }) => ({ mode, ...shapeOf(path, contents, reader) }));
      return differencesOf(path, shapes[0] ?? {}, shapes[1] ?? {}).unlisted;
    });
    expect(unlisted).toEqual([]);
  });

  test('every kubeadm here: each difference that can be seen in files is seen', async () => {
    const reader = await loadForeignReader();
    const seen = new Set<string>();
    for (const name of cases) {
      const ours = new Map((await generateLike(name)).files.map((file) => [file.path, file]));
      for (const [path, file] of readGolden(name)) {
        const own = ours.get(path);
        if (own === undefined) continue;
        const shapes = [file, own].map(({ contents, mode }) => ({
          mode,
          ...shapeOf(path, contents, reader),
        }));
        for (const id of differencesOf(path, shapes[0] ?? {}, shapes[1] ?? {}).listed) seen.add(id);
      }
    }
    expect([...seen].toSorted()).toEqual(
      [
        'ca-key-usage',
        'ca-serial-number',
        'ca-subject-alternative-name',
        'ec-leaf-key-usage',
        'leaf-subject-key-identifier',
        'sa-pub-mode',
      ].toSorted(),
    );
  });
});

describe('init on the tree of', () => {
  test.each(cases)('kubeadm %s, asked for the same, keeps everything', async (name) => {
    const existing = [...readGolden(name)].map(([path, file]) => ({ path, ...file }));
    const pki = await generateClusterPki({ ...optionsOf(name), now, existing });
    expect(pki.files).toEqual([]);
    expect(pki.plan.isComplete).toBe(true);
    const findings = pki.plan.rows.flatMap((row) => row.findings);
    expect(findings.filter((finding) => finding.severity !== 'notice')).toEqual([]);
  });

  test.each(cases)(
    'kubeadm %s, asked for another profile, refuses and says what would keep it',
    async (name) => {
      const existing = [...readGolden(name)].map(([path, file]) => ({ path, ...file }));
      const { profile: _, kubernetesVersion: __, ...options } = optionsOf(name);
      const refused = generateClusterPki({ ...options, now, existing });
      await expect(refused).rejects.toMatchObject({ code: 'ERR_REFUSED' });
      const { detail } = await refused.catch((error) => error);
      const [request] = detail.wouldKeep.filter((text: string) => text.startsWith('--profile kubeadm'));
      const version = /--kubernetes-version (\S+)/.exec(request)?.[1];
      const kept = await generateClusterPki({
        ...options,
        profile: 'kubeadm',
        ...(version === undefined ? {} : { kubernetesVersion: version }),
        now,
        existing,
      });
      expect(kept.plan.isComplete).toBe(true);
    },
  );
});

describe('the configuration of', () => {
  const configurationOf = (name: string): Promise<KubeadmConfig> =>
    parseKubeadmConfig(readFileSync(join(golden, name, 'kubeadm.yaml'), 'utf8'), name);

  test.each(cases)('kubeadm %s is read as what it means', async (name) => {
    const { options, notices } = await configurationOf(name);
    expect(notices).toEqual([]);
    expect(parseClusterSpec(options, {}).spec).toEqual(parseClusterSpec(optionsOf(name), {}).spec);
  });

  test.each(cases)('kubeadm %s finds nothing wrong with its tree', async (name) => {
    const { options } = await configurationOf(name);
    const files = [...readGolden(name)].map(([path, file]) => ({ path, ...file }));
    const { findings, spec } = await verifyClusterPki({ ...options, files, at: now });
    expect(findings.filter(({ severity }) => severity !== 'notice')).toEqual([]);
    expect(spec).toEqual(parseClusterSpec(options, {}).spec);
  });

  test('kubeadm of one cluster is not that of another', async () => {
    const { options } = await configurationOf('v1.37.2-endpoint-sans-rsa3072');
    const files = [...readGolden('v1.37.2-default')].map(([path, file]) => ({ path, ...file }));
    const { findings } = await verifyClusterPki({ ...options, files, at: now });
    const codes = new Set(findings.filter(({ severity }) => severity === 'error').map(({ code }) => code));
    for (const code of ['subject-alternative-name-missing', 'server', 'key-algorithm'])
      expect(codes).toContain(code);
  });
});
