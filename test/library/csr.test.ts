import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  type ClusterRequests,
  type Fate,
  generateClusterPki,
  generateClusterRequests,
  importCertificates,
  type PkiFile,
  type PresentFile,
  requestStatus,
  signRequests,
} from '../../src/index.ts';
import { strictReader } from '../../src/x509/certificate-reader.ts';
import { generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';
import { issueRequest } from '../../src/x509/request.ts';

const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;

let authorities: readonly PkiFile[];
let asked: ClusterRequests;
beforeAll(async () => {
  const elsewhere = await generateClusterPki({ ...HOST, hostname: 'authority' });
  authorities = elsewhere.files.filter(({ path }) => /ca\.(?:crt|key)$/.test(path));
  asked = await generateClusterRequests({ ...HOST, nodes: ['worker1'] });
});

const textOf = (files: readonly PkiFile[], path: string): string =>
  files.find((file) => file.path === path)?.contents ?? '';

/** The CAs, as they are named where what they signed is taken. */
const named = (): Readonly<Record<string, string>> => ({
  ca: textOf(authorities, 'pki/ca.crt'),
  'etcd-ca': textOf(authorities, 'pki/etcd/ca.crt'),
  'front-proxy-ca': textOf(authorities, 'pki/front-proxy-ca.crt'),
});

interface Signed {
  readonly name: string;
  readonly contents: string;
}

async function sign(
  options: Partial<Parameters<typeof signRequests>[0]> = {},
  files: readonly PkiFile[] = asked.files,
): Promise<readonly Signed[]> {
  const requests = files
    .filter(({ path }) => path.endsWith('.csr'))
    .map(({ path, contents }) => ({ name: path, contents }));
  const signed = await signRequests({
    ...HOST,
    nodes: ['worker1'],
    existing: authorities,
    requests,
    ...options,
  });
  expect(signed.filter(({ outcome }) => outcome === 'refused')).toEqual([]);
  return signed.map(({ source, contents = '' }) => ({ name: source, contents }));
}

const take = (
  certificates: readonly Signed[],
  options: Partial<Parameters<typeof importCertificates>[0]> = {},
): ReturnType<typeof importCertificates> =>
  importCertificates({
    existing: asked.files,
    nodes: ['worker1'],
    certificates,
    authorities: named(),
    ...options,
  });

/** What is there once new files are in their places. */
function after(existing: readonly PresentFile[], files: readonly PkiFile[]): readonly PresentFile[] {
  const paths = new Set(files.map(({ path }) => path));
  return [...existing.filter(({ path }) => !paths.has(path)), ...files];
}

const fateOf = (fates: readonly Fate[], source: string): Fate | undefined =>
  fates.find((fate) => fate.source === source);

describe('a PKI whose certificates are signed elsewhere', () => {
  test('comes together in memory, and is complete', async () => {
    const { files, certificates, reload } = await take(await sign());
    expect(certificates.filter(({ outcome }) => outcome !== 'installed')).toEqual([]);
    expect(reload).toBeUndefined();
    const present = after(asked.files, files);
    const status = await requestStatus({ existing: present, nodes: ['worker1'] });
    expect(status.rows.filter(({ state }) => state !== 'complete').map(({ id }) => id)).toEqual(['sa']);
    const { plan } = await generateClusterPki({ ...HOST, existing: present });
    expect(plan.rows.filter(({ action }) => action !== 'keep').map(({ id }) => id)).toEqual(['sa']);
  });

  test('is known by its requests, and not without them', async () => {
    const signed = await sign();
    const bare = asked.files.filter(({ path }) => !path.endsWith('.csr') && !path.endsWith('.conf'));
    await expect(take(signed, { existing: bare })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'host-ip' }, { option: 'hostname' }] },
    });
    const { certificates } = await take(signed, { existing: bare, hostIp: '192.0.2.10', hostname: 'cp1' });
    expect(fateOf(certificates, 'pki/apiserver.csr')).toMatchObject({ outcome: 'installed' });
    const other = await take(signed, { hostIp: '192.0.2.77', hostname: 'cp1' });
    expect(fateOf(other.certificates, 'pki/apiserver.csr')).toMatchObject({
      outcome: 'refused',
      findings: [{ code: 'subject-alternative-name-missing' }, { code: 'subject-alternative-name-surplus' }],
    });
  });

  test('takes of several certificates for one key the one that ends last and is good', async () => {
    const only = (signed: readonly Signed[], name: string): readonly Signed[] =>
      signed.filter((one) => one.name === 'pki/apiserver.csr').map((one) => ({ ...one, name }));
    const short = only(await sign({ certValidity: '30d' }), 'short');
    const long = only(await sign({ certValidity: '60d' }), 'long');
    const stranger = await generateClusterPki({ ...HOST });
    const foreign = only(await sign({ certValidity: '90d', existing: stranger.files }), 'foreign');
    const first = await take([...short, ...long, ...foreign]);
    expect(first.certificates.slice(3)).toMatchObject([
      { source: 'foreign', outcome: 'refused', findings: [{ code: 'signer-mismatch' }] },
      { source: 'long', outcome: 'installed' },
      { source: 'short', outcome: 'passed-over', why: 'another one for the same key ends later' },
    ]);
    const existing = after(asked.files, first.files);
    const second = await take(short, { existing });
    expect(second.certificates.at(-1)).toMatchObject({
      why: 'the one that is there ends no earlier: to have this one all the same, move pki/apiserver.crt away and import it again',
    });
    expect(second.files).toEqual([]);
    const later = only(await sign({ certValidity: '120d' }), 'later');
    const third = await take(later, { existing });
    expect(third.plan.rows.find(({ id }) => id === 'apiserver')).toMatchObject({ action: 'install' });
    expect(third.reload?.steps.map(({ component }) => component)).toEqual(['kube-apiserver']);
    expect(third.files.map(({ path }) => path)).toEqual(['pki/apiserver.crt']);
  });

  test('prefers what its row wants to what ends later, and replaces what is not', async () => {
    const only = async (name: string, options: object): Promise<Signed> => {
      const signed = await sign(options);
      const { contents = '' } = signed.find((one) => one.name === 'pki/apiserver.csr') ?? {};
      return { name, contents };
    };
    const wide = await generateClusterRequests({
      ...HOST,
      apiserverCertExtraSans: 'evil.example.com',
      existing: asked.files.filter(({ path }) => path.endsWith('apiserver.key')),
    });
    const surplus = async (validity: string): Promise<Signed> => {
      const options = { apiserverCertExtraSans: 'evil.example.com', certValidity: validity };
      const requests = wide.files
        .filter(({ path }) => path === 'pki/apiserver.csr')
        .map(({ path, contents }) => ({ name: path, contents }));
      return only('surplus', { ...options, requests });
    };
    const odd = await surplus('90d');
    const right = await only('right', { certValidity: '30d' });
    const first = await take([odd]);
    expect(first.certificates.at(-1)).toMatchObject({
      outcome: 'installed',
      // Whoever has no CA key cannot have it issued anew by init.
      findings: [
        { code: 'subject-alternative-name-surplus', remedy: expect.stringMatching(/^have it signed again/) },
      ],
    });
    const existing = after(asked.files, first.files);
    const second = await take([right], { existing });
    expect(second.certificates.at(-1)).toMatchObject({ source: 'right', outcome: 'installed' });
    for (const there of [asked.files, existing, after(existing, second.files)]) {
      const both = await take([odd, right], { existing: there });
      expect(both.certificates.slice(3).map(({ outcome, why = '' }) => `${outcome} ${why}`)).toEqual([
        'passed-over another one for the same key is closer to what its row wants',
        expect.stringMatching(/^(?:installed|kept)/),
      ]);
    }
  });

  test('says of a certificate that its key is there and cannot be read', async () => {
    const existing = asked.files.map((file) =>
      file.path === 'pki/apiserver.key' ? { ...file, contents: 'garbage' } : file,
    );
    const signed = (await sign()).filter(({ name }) => name === 'pki/apiserver.csr');
    const { certificates } = await take(signed, { existing });
    expect(certificates.at(-1)).toMatchObject({
      outcome: 'refused',
      row: 'apiserver',
      why: 'is for apiserver, whose key cannot be read',
      findings: [{ code: 'key-unreadable', path: 'pki/apiserver.key' }],
    });
  });

  test('tells of a kubeconfig that it cannot write into, and does the rest', async () => {
    const signed = await sign();
    const odd = asked.files.map((file) =>
      file.path === 'admin.conf'
        ? { ...file, contents: file.contents.replace(/ user:\n {4}(client-key-data: \S+)/, ' user: { $1 }') }
        : file,
    );
    const { certificates, files } = await take(signed, { existing: odd });
    expect(fateOf(certificates, 'admin.conf.csr')).toMatchObject({
      outcome: 'refused',
      why: expect.stringMatching(/^kubeconfig field user.client-certificate-data is not written/),
    });
    expect(files.map(({ path }) => path)).not.toContain('admin.conf');
    expect(fateOf(certificates, 'kubelet.conf.csr')).toMatchObject({ outcome: 'installed' });
  });

  test('may have one key in two places', async () => {
    const key = textOf(asked.files, 'pki/etcd/server.key');
    const pair = parsePrivateKey(key);
    const request = strictReader.parseRequest(
      parsePemBlocks(textOf(asked.files, 'pki/etcd/peer.csr'))[0]?.der ?? new Uint8Array(),
    );
    const { keyUsage = [], extKeyUsage = [], subjectAltName: sans = [] } = request;
    const der = await issueRequest(
      { subject: { commonName: 'kube-etcd-peer' }, keyUsage, extKeyUsage, sans },
      pair,
    );
    const shared = asked.files.map((file) => {
      if (file.path === 'pki/etcd/peer.key') return { ...file, contents: key };
      if (file.path === 'pki/etcd/peer.csr')
        return { ...file, contents: encodePem('CERTIFICATE REQUEST', der) };
      return file;
    });
    const { certificates } = await take(await sign({}, shared), { existing: shared });
    const etcd = certificates.filter(({ source }) => /etcd\/(?:server|peer)/.test(source));
    expect(etcd).toMatchObject([
      { source: 'pki/etcd/server.csr', row: 'etcd-server', outcome: 'installed' },
      { source: 'pki/etcd/peer.csr', row: 'etcd-peer', outcome: 'installed' },
    ]);
  });
});

describe('whoever signs', () => {
  test('needs no key of a CA where something signs for it', async () => {
    const keys = authorities.filter(({ path }) => path.endsWith('.key'));
    const { privateKeyPem: _, ...signer } = parsePrivateKey(textOf(keys, 'pki/ca.key'));
    const existing = authorities.filter(({ path }) => path !== 'pki/ca.key');
    await sign({ existing, signers: { ca: signer } });
    const { privateKeyPem: __, ...other } = await generateKeyPair('ECDSA-P256');
    await expect(sign({ existing, signers: { ca: other } })).rejects.toMatchObject({ code: 'ERR_KEY' });
  });

  test('need not be told which of two is meant where the same comes of both', async () => {
    // kubeadm's requests name no usages, and its profile has one common name for both.
    const kubeadm = { ...HOST, profile: 'kubeadm' } as const;
    const alike = await generateClusterRequests(kubeadm);
    const requests = alike.files
      .filter(({ path }) => /etcd\/(?:server|peer)\.csr/.test(path))
      .map(({ path, contents }) => ({ name: path, contents }));
    const of = async (more: object): Promise<unknown> =>
      (await signRequests({ ...kubeadm, existing: authorities, requests, ...more })).map(
        ({ outcome, why }) => (outcome === 'signed' ? outcome : why),
      );
    expect(await of({})).toEqual(['signed', 'signed']);
    expect(await of({ certValidity: '1d' })).toEqual(['signed', 'signed']);
    expect(await of({ etcdPeerCertExtraSans: 'peer.example.com' })).toEqual(['signed', 'signed']);
    await expect(of({ as: 'etcd' })).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });

  test('says of each request that it cannot read what is wrong with it', async () => {
    const requests = [
      { name: 'text', contents: 'hello' },
      { name: 'cut', contents: textOf(asked.files, 'pki/apiserver.csr').slice(0, 200) },
      { name: 'der', contents: Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x00) },
    ];
    const signed = await signRequests({ ...HOST, existing: authorities, requests });
    expect(signed).toMatchObject([
      { source: 'cut', outcome: 'refused', why: expect.stringMatching(/is cut off/) },
      { source: 'der', outcome: 'refused', why: expect.stringMatching(/^the request cannot be read: /) },
    ]);
  });
});

test('what a node may be called is held to, and so is what lies where', async () => {
  const { files } = await generateClusterRequests({ ...HOST, nodes: ['w1', 'W1'] });
  const paths = files.map(({ path }) => path);
  expect(paths).toContain('nodes/w1/kubelet.conf.csr');
  expect(paths).toHaveLength(new Set(paths).size);
  expect(paths.filter((path) => path.includes('W1'))).toEqual([]);
  await expect(generateClusterRequests({ ...HOST, nodes: ['../x'] })).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    detail: { issues: [{ option: 'node', value: '../x' }] },
  });
  const existing = [{ path: 'nodes/../kubelet.conf', contents: '' }];
  await expect(requestStatus({ existing })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
});
