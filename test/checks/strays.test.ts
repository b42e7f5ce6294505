import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { issueCa } from '../../src/ca/issue.ts';
import { issueLeaf } from '../../src/certs/issue.ts';
import type { PresentFile } from '../../src/checks/evidence.ts';
import type { ClusterOptions, ClusterPki } from '../../src/index.ts';
import { resolveRows } from '../../src/resolve/rows.ts';
import { type Verification, verifyPki } from '../../src/verify.ts';
import { strictReader } from '../../src/x509/certificate-reader.ts';
import { generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';
import { byId, contentsOf } from '../support/cluster.ts';
import { openssl, opensslOracle } from '../x509/openssl.ts';
import { NOW, smallPki } from './small-pki.ts';

let pki: ClusterPki;
let other: ClusterPki;
beforeAll(async () => {
  pki = await smallPki();
  other = await smallPki();
});

const pem = (path: string): string => contentsOf(pki, path);

async function audit(
  strays: readonly PresentFile[],
  options: ClusterOptions = { profile: 'requirements' },
): Promise<Verification> {
  const files = [...pki.files, ...strays];
  return verifyPki({ files, options, now: NOW, warnWithinSeconds: 0 });
}

/** `severity code: message` of everything that is found about the strays. */
async function found(...strays: readonly PresentFile[]): Promise<readonly string[]> {
  const { findings } = await audit(strays);
  const own = findings.filter(({ path }) => strays.some((stray) => stray.path === path));
  expect(own).toHaveLength(findings.length);
  return own.map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
}

const stray = (contents: string, more: Partial<PresentFile> = {}): PresentFile => ({
  path: 'pki/old/file',
  contents,
  mode: 0o600,
  ...more,
});

test('a key of a CA behind the key of another row is a copy of it, and further keys of nobody are not', async () => {
  const { findings } = await verifyPki({
    files: pki.files.map((file) =>
      file.path === 'pki/apiserver.key'
        ? { ...file, contents: file.contents + pem('pki/apiserver.key') + pem('pki/ca.key') }
        : file,
    ),
    options: { profile: 'requirements' },
    now: NOW,
    warnWithinSeconds: 0,
  });
  expect(findings.map(({ row, path, code, message }) => [row, path, code, message])).toEqual([
    ['apiserver', 'pki/apiserver.key', 'several-keys', 'holds several private keys'],
    [
      'apiserver',
      'pki/apiserver.key',
      'authority-key-copied',
      expect.stringMatching(/^holds the private key of ca \(.*\) behind its own$/),
    ],
  ]);
});

test('a key of a CA behind another and nowhere else is to be moved, not removed', async () => {
  const { findings } = await verifyPki({
    files: pki.files.flatMap((file) => {
      if (file.path === 'pki/ca.key') return [];
      return file.path === 'pki/apiserver.key'
        ? [{ ...file, contents: file.contents + pem('pki/ca.key') }]
        : [file];
    }),
    options: {},
    now: NOW,
    warnWithinSeconds: 0,
  });
  expect(findings.find(({ code }) => code === 'authority-key-copied')?.remedy).toMatch(/^move it /);
});

describe('a file that no row has', () => {
  test('with the key of a CA or the one that signs tokens is a warning of its own', async () => {
    expect(await found(stray(pem('pki/ca.key'), { path: 'pki/ca.key.old' }))).toEqual([
      'warning authority-key-copied: holds the private key of ca (Cluster CA: API server, kubelets, administrators and components) a second time',
    ]);
    expect(await found(stray(pem('pki/sa.key')))).toEqual([
      expect.stringMatching(/^warning authority-key-copied: holds the private key of sa /),
    ]);
  });

  test('with the key of a CA is one wherever it lies', async () => {
    for (const path of ['pki/kubelet.key', 'pki/root-ca/x', 'bob.conf'])
      expect(await found(stray(pem('pki/ca.key'), { path }))).toEqual([
        expect.stringContaining('authority-key-copied'),
      ]);
  });

  test('with the key of a CA counts also where the CA itself has its key elsewhere', async () => {
    const files = [...pki.files.filter(({ path }) => path !== 'pki/ca.key'), stray(pem('pki/ca.key'))];
    const { findings } = await verifyPki({ files, options: {}, now: NOW, warnWithinSeconds: 0 });
    expect(findings.map(({ code }) => code)).toEqual(['authority-key-elsewhere', 'authority-key-copied']);
  });

  test('with a key whose place is empty, or has another one, is no copy that may be removed', async () => {
    const foundWithout = async (place: string, contents?: string): Promise<readonly object[]> => {
      const rest = pki.files.filter(({ path }) => path !== place);
      const put = contents === undefined ? [] : [{ path: place, contents, mode: 0o600 }];
      const files = [...rest, ...put, stray(pem(place))];
      const { findings } = await verifyPki({ files, options: {}, now: NOW, warnWithinSeconds: 0 });
      return findings.filter(({ path }) => path === 'pki/old/file');
    };
    const moved = (code: string, says: RegExp): object => ({
      code,
      message: expect.stringMatching(says),
      remedy: expect.stringMatching(/^move it /),
    });
    const ca = moved(
      'authority-key-copied',
      /^holds the private key of ca \(.*\), which is not in its place$/,
    );
    expect(await foundWithout('pki/ca.key')).toMatchObject([ca]);
    expect(await foundWithout('pki/ca.key', contentsOf(other, 'pki/ca.key'))).toMatchObject([ca]);
    expect(await foundWithout('pki/apiserver.key')).toMatchObject([
      moved('stray-key', /^holds the private key of apiserver \(.*\), which is not in its place$/),
    ]);
  });

  test('with another key is a warning, which says whose it is', async () => {
    expect(await found(stray(pem('pki/apiserver.key')))).toEqual([
      'warning stray-key: holds the private key of apiserver (API server: what it shows to everybody who connects to it) a second time',
    ]);
    expect(await found(stray(contentsOf(other, 'pki/ca.key')))).toEqual([
      'warning stray-key: holds a private key that belongs to nothing here',
    ]);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const encrypted = privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    expect(await found(stray(String(encrypted)))).toEqual([
      'warning stray-key: holds a private key that cannot be compared: it is encrypted, or not in PEM',
    ]);
  });

  test('with the key of a certificate that no row has either is called that', async () => {
    const certificate = stray(pem('pki/apiserver.crt'), { path: 'pki/jane.crt' });
    const jane = stray(contentsOf(other, 'pki/apiserver.crt'), { path: 'pki/jane.crt' });
    expect(await found(jane, stray(contentsOf(other, 'pki/apiserver.key')))).toEqual([
      expect.stringMatching(/^notice file-unknown: /),
      'warning stray-key: holds the private key of a certificate that no row has, "CN=kube-apiserver"',
    ]);
    expect(await found(certificate, stray(contentsOf(other, 'pki/apiserver.key')))).toEqual([
      expect.stringMatching(/^notice file-unknown: /),
      'warning stray-key: holds a private key that belongs to nothing here',
    ]);
  });

  test('with a key that others may read is an error beside that', async () => {
    expect(await found(stray(pem('pki/apiserver.key'), { mode: 0o644 }))).toEqual([
      'error key-readable: holds a private key or a token, and can be read by others',
      expect.stringContaining('stray-key'),
    ]);
    const readable = stray(contentsOf(other, 'admin.conf'), { path: 'bob.conf', mode: 0o604 });
    expect(await found(readable)).toEqual([
      'error key-readable: holds a private key or a token, and can be read by others',
      expect.stringContaining('file-unknown'),
    ]);
  });

  test.each([
    ['pki/apiserver.csr', 'file-companion', 'certificate signing request'],
    ['pki/ca.srl', 'file-companion', 'serial number'],
    ['pki/notes.txt', 'file-unknown', 'is none of the files of a Kubernetes PKI'],
    ['super-admin.conf', 'file-unknown', 'is of no use in a cluster like this one'],
  ])('%s is a notice', async (path, code, message) => {
    expect(await found(stray('x', { path }))).toEqual([
      expect.stringMatching(`notice ${code}: .*${message}`),
    ]);
  });

  test('that the table has for another cluster is a notice, its key as well', async () => {
    const { findings } = await audit([], { profile: 'requirements', externalEtcd: true });
    expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
      Array.from({ length: 10 }, () => 'notice file-unknown'),
    );
    expect(findings.find(({ path }) => path === 'pki/etcd/ca.key')).toMatchObject({
      message: 'is of no use in a cluster like this one',
      found: 'a private key',
    });
  });

  test('that a kubelet keeps with its key is no forgotten key', async () => {
    const path = 'pki/kubelet-client-2026-11-23-12-00-00.pem';
    expect(await found(stray(pem('pki/apiserver.key'), { path }))).toEqual([
      expect.stringMatching(/^notice file-companion: /),
    ]);
    expect(await found(stray(pem('pki/apiserver.key'), { path: 'pki/kubelet-client-old.pem' }))).toEqual([
      expect.stringMatching(/^warning stray-key: /),
    ]);
  });

  test('that this program kept of what it replaced is not worth a word, unless others may read it or it is the key of a CA', async () => {
    const kept = (contents: string, mode = 0o600): PresentFile =>
      stray(contents, { path: 'pki-backups/20261123T120000.000Z/file', mode });
    expect(await found(kept(pem('pki/apiserver.key')))).toEqual([]);
    expect(await found(kept(contentsOf(pki, 'admin.conf')))).toEqual([]);
    expect(await found(kept(pem('pki/apiserver.key'), 0o644))).toEqual([
      expect.stringMatching(/^error key-readable: /),
    ]);
    expect(await found(kept(pem('pki/ca.key')))).toEqual([
      expect.stringMatching(/^warning authority-key-copied: /),
    ]);
  });

  test('that lies in a copy counts only where it has a key of this PKI', async () => {
    const copied = (path: string, contents: string, more: Partial<PresentFile> = {}): PresentFile =>
      stray(contents, { path, mode: 0o644, ...more });
    const ofOther = ['pki/ca.key', 'pki/apiserver.key', 'pki/ca.crt', 'admin.conf'];
    const theirs = ofOther.map((path) => copied(`pki.old/${path}`, contentsOf(other, path)));
    expect(await found(...theirs, { path: 'pki.old/unread.key' }, copied('backup/x.csr', 'x'))).toEqual([]);
    expect(await found(copied('pki.old/x.key', pem('pki/apiserver.key')))).toEqual([
      expect.stringMatching(/^error key-readable: /),
      expect.stringMatching(/^warning stray-key: .* a second time$/),
    ]);
    expect(await found(copied('backup/admin.conf', pem('admin.conf')))).toEqual([
      expect.stringMatching(/^error key-readable: /),
    ]);
    expect(await found(copied('pki.old/ca.key', pem('pki/ca.key'), { isShutOff: true }))).toEqual([
      expect.stringMatching(/^warning authority-key-copied: /),
    ]);
  });

  test('that cannot be read is a warning: it may hold a key', async () => {
    expect(await found({ path: 'pki/old', obstacle: 'cannot be read (EACCES)' })).toEqual([
      'warning stray-unread: is none of the files of a Kubernetes PKI, and cannot be read (EACCES)',
    ]);
  });

  opensslOracle('and that openssl wrote', () => {
    test.each([
      ['ec -in in -out out -outform DER', 'warning stray-key', 'a private key in DER'],
      ['pkcs12 -export -in in -nocerts -out out -passout pass:x', 'warning stray-key', 'a PKCS#12 store'],
    ])('by %s is told by its first bytes', async (command, code, says) => {
      const { read } = openssl(command.split(' '), { in: pem('pki/ca.key') });
      const { findings } = await audit([stray(read('out'))]);
      expect(findings.map((finding) => [`${finding.severity} ${finding.code}`, finding.found])).toEqual([
        [code, says],
      ]);
    });
  });
});

describe('a CA of no row', () => {
  /** One that `ca` of a PKI signed. */
  async function subordinate(ca: ClusterPki): Promise<string> {
    const row = byId(resolveRows(ca.spec), 'ca');
    if (row.kind !== 'ca') throw new RangeError('expected a CA');
    const [block] = parsePemBlocks(contentsOf(ca, 'pki/ca.crt'));
    const parent = {
      certificate: strictReader.parse(block?.der ?? new Uint8Array()),
      signer: parsePrivateKey(contentsOf(ca, 'pki/ca.key')),
    };
    const validity = { notBefore: NOW, notAfter: new Date('2031-01-02T03:04:05Z'), isCapped: false };
    const der = await issueCa(
      { ...row.certificate, commonName: 'mallory-ca' },
      { serial: Uint8Array.of(0x42, 2), validity },
      { own: await generateKeyPair('ECDSA-P256'), parent },
    );
    return encodePem('CERTIFICATE', der);
  }
  const unknownIn = ({ findings }: Verification): readonly (string | undefined)[] =>
    findings.filter(({ code }) => code === 'authority-unknown').map(({ path }) => path);

  test('that a CA of the table signed is a warning in a file of its own', async () => {
    const { findings } = await audit([stray(await subordinate(pki))]);
    expect(findings).toMatchObject([
      { code: 'file-unknown' },
      {
        code: 'authority-unknown',
        severity: 'warning',
        path: 'pki/old/file',
        message:
          'holds a CA of no row that ca (Cluster CA: API server, kubelets, administrators and components) signed: what it signs is trusted as if that had',
        found: 'CN=mallory-ca',
      },
    ]);
  });

  test('is one behind the certificate of another row, also where that is a kubeconfig', async () => {
    const more = await subordinate(pki);
    const files = pki.files.map((file) => {
      if (file.path === 'pki/apiserver.crt') return { ...file, contents: file.contents + more };
      if (file.path !== 'admin.conf') return file;
      const [, data = ''] = /client-certificate-data: (\S+)/.exec(file.contents) ?? [];
      const both = Buffer.from(data, 'base64').toString() + more;
      return { ...file, contents: file.contents.replace(data, Buffer.from(both).toString('base64')) };
    });
    const request = { files, options: { profile: 'requirements' }, now: NOW, warnWithinSeconds: 0 } as const;
    expect(unknownIn(await verifyPki(request))).toEqual(['pki/apiserver.crt', 'admin.conf']);
    // Whoever keeps the key of the CA elsewhere decides there whom it signs.
    const external = files.filter(({ path }) => path !== 'pki/ca.key');
    expect(unknownIn(await verifyPki({ ...request, files: external }))).toEqual([]);
  });

  test('is one where a user of a kubeconfig carries it, of a row or of none', async () => {
    const certificate = Buffer.from(await subordinate(pki)).toString('base64');
    const [, user = ''] = /users:\n(- [\s\S]*)/.exec(pem('admin.conf')) ?? [];
    const mallory = user
      .replace(/name: .*/, 'name: mallory')
      .replace(/(client-certificate-data: )\S+/, `$1${certificate}`);
    const admin = pem('admin.conf').replace(user, `${user}${mallory}`);
    const files = [
      ...pki.files.map((file) => (file.path === 'admin.conf' ? { ...file, contents: admin } : file)),
      stray(pem('admin.conf').replace(user, mallory), { path: 'mallory.conf' }),
    ];
    const directories = { certDir: '/etc/kubernetes/pki', kubeconfigDir: '/etc/kubernetes' };
    const request = { files, options: { profile: 'requirements' }, now: NOW, warnWithinSeconds: 0 } as const;
    expect(unknownIn(await verifyPki({ ...request, readFrom: directories }))).toEqual([
      'admin.conf',
      'mallory.conf',
    ]);
  });

  test('is none where another CA signed it', async () => {
    expect(unknownIn(await audit([stray(await subordinate(other))]))).toEqual([]);
  });

  test('is none where it is one of the table, there or not', async () => {
    const rooted = await smallPki({ rootCa: true });
    const without = (...paths: readonly string[]): readonly PresentFile[] =>
      rooted.files.filter(({ path }) => !paths.includes(path));
    const spoilt = rooted.files.map((file) =>
      file.path === 'pki/etcd/ca.crt' ? { ...file, contents: 'x' } : file,
    );
    const trees: readonly (readonly [readonly PresentFile[], ClusterOptions])[] = [
      [[...rooted.files, stray(contentsOf(rooted, 'pki/ca.crt'))], {}],
      [without('pki/etcd/ca.crt', 'pki/etcd/ca.key'), {}],
      [without('pki/ca.crt'), {}],
      [spoilt, {}],
      [rooted.files, { rootCa: true, externalEtcd: true }],
    ];
    for (const [files, options] of trees) {
      const audited = await verifyPki({ files, options, now: NOW, warnWithinSeconds: 0 });
      expect(audited.findings.length).toBeGreaterThan(0);
      expect(unknownIn(audited)).toEqual([]);
    }
  });
});

test('of files some of which are lost nothing is told that the lost ones would explain', async () => {
  const rooted = await smallPki({ rootCa: true });
  const embedded = /client-(certificate|key)-data: \S+/g;
  const files = rooted.files
    .filter(({ path }) => !path.startsWith('pki/etcd/ca.') && path !== 'pki/ca.crt')
    .map((file) =>
      file.path === 'admin.conf'
        ? { ...file, contents: file.contents.replaceAll(embedded, 'client-$1: pki/admin.$1') }
        : file,
    );
  const directories = { certDir: '/etc/kubernetes/pki', kubeconfigDir: '/etc/kubernetes' };
  const request = { files, options: {}, now: NOW, warnWithinSeconds: 0, readFrom: directories };
  const codesOf = ({ findings }: Verification): readonly string[] => [
    ...new Set(findings.filter(({ severity }) => severity !== 'notice').map(({ code }) => code)),
  ];
  expect(codesOf(await verifyPki(request))).toEqual(
    expect.arrayContaining(['row-absent', 'signer-absent', 'chain-incomplete', 'named-file-absent']),
  );
  expect(codesOf(await verifyPki({ ...request, isPartial: true }))).toEqual([]);
});

/** A client certificate of this CA for a new key, and the key. */
async function clientOf(
  subject: { readonly commonName: string; readonly organization: readonly string[] },
  ca: ClusterPki = pki,
  extKeyUsage: readonly string[] = ['clientAuth'],
): Promise<{ readonly certificate: string; readonly key: string }> {
  const row = byId(resolveRows(pki.spec), 'apiserver-kubelet-client');
  if (!('certificate' in row)) throw new RangeError('expected a certificate');
  const [block] = parsePemBlocks(contentsOf(ca, 'pki/ca.crt'));
  const key = await generateKeyPair('ECDSA-P256');
  const validity = { notBefore: NOW, notAfter: new Date('2031-01-02T03:04:05Z'), isCapped: false };
  const der = await issueLeaf(
    { ...row.certificate, ...subject, extKeyUsage },
    { spkiDer: key.spkiDer, serial: Uint8Array.of(0x42, 1, 2, 3, 4, 5, 6, 7), validity },
    {
      certificate: strictReader.parse(block?.der ?? new Uint8Array()),
      signer: parsePrivateKey(contentsOf(ca, 'pki/ca.key')),
    },
  );
  return { certificate: encodePem('CERTIFICATE', der), key: key.privateKeyPem };
}

const MASTER = { commonName: 'mallory', organization: ['system:masters'] };

/** What the inventory has beyond the rows. */
async function credentials(...strays: readonly PresentFile[]): Promise<readonly object[]> {
  const { credentials: all } = await audit(strays);
  return all.filter(({ path }) => strays.some((one) => one.path === path));
}

const kubeconfig = (user: object, more: readonly object[] = []): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster: { server: 'https://192.0.2.10:6443' } }],
    users: [{ name: 'u', user }, ...more],
  });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the inventory', () => {
  test('has a certificate of this CA with power whose key lies here, and how long it lives', async () => {
    const { certificate, key } = await clientOf(MASTER);
    const own = { path: 'pki/m.crt', contents: certificate };
    expect(await credentials(own, { path: 'pki/m.key', contents: key })).toEqual([
      { path: 'pki/m.crt', subject: 'O=system:masters, CN=mallory', notAfter: '2031-01-02T03:04:05Z' },
    ]);
    expect(await credentials({ path: 'pki/m.pem', contents: key + certificate })).toHaveLength(1);
    expect(await credentials(own)).toEqual([]);
  });

  test('has none that is of no use as a client here', async () => {
    const ofAnother = await clientOf(MASTER, other);
    expect(await credentials(stray(ofAnother.certificate + ofAnother.key))).toEqual([]);
    const server = await clientOf(MASTER, pki, ['serverAuth']);
    expect(await credentials(stray(server.certificate + server.key))).toEqual([]);
    const plain = await clientOf({ commonName: 'bob', organization: ['dev'] });
    expect(await credentials(stray(plain.certificate + plain.key))).toEqual([]);
    expect(await credentials(stray(pem('pki/apiserver-kubelet-client.crt')))).toEqual([]);
  });

  test('has every user of a kubeconfig that no row has', async () => {
    const { certificate, key } = await clientOf(MASTER);
    const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
    const contents = kubeconfig({}, [{ name: 'm', user }]);
    expect(await credentials({ path: 'config', contents })).toEqual([
      { path: 'config', subject: 'O=system:masters, CN=mallory', notAfter: '2031-01-02T03:04:05Z' },
    ]);
    expect(await credentials({ path: 'a.conf.bak', contents: pem('admin.conf') })).toHaveLength(1);
  });

  test('has nothing of what was kept beside the certificate directory, whose keys count all the same', async () => {
    const { certificate, key } = await clientOf(MASTER);
    const contents = kubeconfig({ token: 'abcdef.0123456789abcdef' });
    const kept = ['pki-backups/20261123T120000.000Z/admin.conf', 'pki.bak/admin.conf'];
    expect(await credentials(...kept.map((path) => ({ path, contents })))).toEqual([]);
    const own = { path: 'pki/m.crt', contents: certificate };
    expect(await credentials(own, { path: 'pki.bak/m.key', contents: key })).toMatchObject([
      { path: 'pki/m.crt' },
    ]);
  });

  test('has tokens, of which it shows nothing but whom and until when', async () => {
    const payload = { sub: 'system:serviceaccount:kube-system:admin', exp: 1_893_456_000 };
    const jwt = ['{}', JSON.stringify(payload), 'signature']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
    const contents = kubeconfig({ token: 'abcdef.0123456789abcdef' }, [
      { name: 'sa', user: { token: jwt } },
      { name: 'x', user: { token: 'opaque' } },
    ]);
    const listed = await credentials({ path: 'bootstrap-kubelet.conf', contents });
    expect(listed).toEqual([
      { path: 'bootstrap-kubelet.conf', subject: 'token of system:bootstrap:abcdef' },
      {
        path: 'bootstrap-kubelet.conf',
        subject: 'token of system:serviceaccount:kube-system:admin',
        notAfter: '2030-01-01T00:00:00Z',
      },
      { path: 'bootstrap-kubelet.conf', subject: 'token of "x", as the file calls it' },
    ]);
    expect(JSON.stringify(listed)).not.toContain('0123456789abcdef');
    expect(await found({ path: 'bootstrap-kubelet.conf', contents, mode: 0o600 })).toEqual([
      expect.stringMatching(/^notice file-companion: is the kubeconfig with which a node joins/),
    ]);
  });

  test('has kubeconfigs up to a bound, and beyond it is said that there are more', async () => {
    const filler = `# ${'x'.repeat(600_000)}\n`;
    const contents = `kind: Config\nusers:\n- name: u\n  user: {token: abcdef.0123456789abcdef}\n${filler}`;
    const strays = ['a.conf', 'b.conf'].map((path) => ({ path, contents }));
    expect(await credentials(...strays)).toHaveLength(1);
    expect(await found(...strays)).toEqual([
      'notice file-unknown: is none of the files of a Kubernetes PKI',
      'warning stray-unread: is none of the files of a Kubernetes PKI, and is a kubeconfig of more than is looked into',
    ]);
    const kept = strays.map(({ path }) => ({ path: `pki-backups/1/${path}`, contents }));
    expect(await found(...kept)).toEqual([]);
  });

  test('has PEM up to a bound, and beyond it is said that there is more', async () => {
    const key = pem('pki/ca.key');
    const strays = Array.from({ length: 10 }, (_, index) => ({
      path: `pki/${index}.pem`,
      contents: key.repeat(index < 9 ? 250 : 1),
    }));
    const findings = await found(...strays);
    expect(findings.filter((finding) => finding.startsWith('warning authority-key-copied: '))).toHaveLength(
      8,
    );
    expect(findings.slice(8)).toEqual([
      'warning stray-unread: is none of the files of a Kubernetes PKI, and holds more keys or certificates than are looked into',
      'warning stray-unread: is none of the files of a Kubernetes PKI, and holds more keys or certificates than are looked into',
    ]);
  });

  test('has the token in a kubeconfig that a row has', async () => {
    const files = pki.files.map((file) =>
      file.path === 'kubelet.conf'
        ? { ...file, contents: kubeconfig({ token: 'abcdef.0123456789abcdef' }) }
        : file,
    );
    const verification = await verifyPki({ files, options: {}, now: NOW, warnWithinSeconds: 0 });
    expect(verification.credentials).toContainEqual({
      path: 'kubelet.conf',
      subject: 'token of system:bootstrap:abcdef',
    });
  });

  test.each([
    '{"kind":"Config","users":[{"name":"u","user":{"token":1}}]}',
    '{"kind":"Config"',
    'kind: Config\nusers: 1',
  ])('has nothing of %s, and the audit goes on', async (contents) => {
    expect(await credentials({ path: 'pki/x.conf', contents })).toEqual([]);
  });
});
