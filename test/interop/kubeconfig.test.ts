import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateClusterPki, isPkiError } from '../../src/index.ts';
import { encodeKubeconfig } from '../../src/kubeconfig/encode.ts';
import { parseKubeconfig } from '../../src/kubeconfig/parse.ts';
import { createSandbox, type Sandbox } from '../support/cluster.ts';
import { kubectl, kubectlOracle } from './kubectl-run.ts';

// What YAML 1.1, YAML 1.2 or Go's YAML could take for something else.
const names = [
  'default-cluster',
  'a: b',
  'a:b',
  'a:',
  "it's",
  '"quoted"',
  '123',
  '1_000',
  '0x1F',
  '0o17',
  '017',
  '1e3',
  '.5',
  '-1',
  '12:30:45',
  '2026-12-01',
  '.inf',
  '.NaN',
  'true',
  'Yes',
  'off',
  'y',
  'null',
  '~',
  '日本',
  '{x}',
  '[x]',
  'a #b',
  'a#b',
  '#a',
  '- a',
  '-a',
  '-',
  '? a',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '%a',
  '@a',
  '`a`',
  ',a',
  '=',
  '<<',
  'a\\b',
  'a  b',
  'é',
  'a'.repeat(120),
];

// Their meaning is the same, their text is not: Go's YAML escapes what lies beyond the BMP, and folds at 80 columns.
const otherwiseWritten = ['🎡', 'word '.repeat(30).trim()];

interface KubeconfigLists {
  readonly clusters: readonly { readonly name: string }[];
  readonly contexts: readonly { readonly name: string }[];
  readonly users: readonly { readonly name: string }[];
}

kubectlOracle('kubeconfigs', () => {
  // Some builds of kubectl ask the server for its version first, whatever they are told to do; here nobody answers.
  const server = 'https://127.0.0.1:1';
  const credentials = {
    certificateAuthorityPem: 'the authority\n',
    clientCertificatePem: 'the certificate\n',
    clientKeyPem: 'the key\n',
  };
  let sandbox: Sandbox;
  beforeAll(() => {
    sandbox = createSandbox();
  });
  afterAll(() => sandbox.remove());

  /** A kubeconfig whose every name is `name`. */
  function encode(name: string, hasPreferences: boolean): string {
    const all = { cluster: name, user: name, context: name };
    return encodeKubeconfig({ ...all, server, trust: ['ca'], hasPreferences }, credentials);
  }

  /** The same as kubectl writes it; older ones write empty preferences into it. */
  function encodeLike(written: string, name: string): string {
    return encode(name, written.includes('\npreferences: {}\n'));
  }

  test('kubectl reads every odd name back', () => {
    const odd = [...names, ...otherwiseWritten];
    // KUBECONFIG takes many files, and merges them.
    const files = odd.map((name, index) => sandbox.write(`${index}.conf`, encode(name, false)));
    const output = kubectl(['config', 'view', '--raw', '-o', 'json'], {
      env: { KUBECONFIG: files.join(':') },
    });
    const read: KubeconfigLists = JSON.parse(output);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const cluster = {
      server,
      'certificate-authority-data': base64(credentials.certificateAuthorityPem),
    };
    const user = {
      'client-certificate-data': base64(credentials.clientCertificatePem),
      'client-key-data': base64(credentials.clientKeyPem),
    };
    const entries = (list: KubeconfigLists['users']): ReadonlyMap<string, object> =>
      new Map(list.map((entry) => [entry.name, entry]));
    expect(entries(read.clusters)).toEqual(new Map(odd.map((name) => [name, { name, cluster }])));
    expect(entries(read.users)).toEqual(new Map(odd.map((name) => [name, { name, user }])));
    expect(entries(read.contexts)).toEqual(
      new Map(odd.map((name) => [name, { name, context: { cluster: name, user: name } }])),
    );
  });

  test.each(names)('kubectl reads %j and writes it in the same text', (name) => {
    const file = sandbox.write('config', encode(name, false));
    const written = kubectl(['--kubeconfig', file, 'config', 'view', '--raw', '-o', 'yaml']);
    expect(encodeLike(written, name)).toBe(written);
  });

  test('kubectl config makes the same file, byte for byte', () => {
    const name = 'odd: name';
    const config = (...args: readonly string[]): string =>
      kubectl(['--kubeconfig', join(sandbox.path, 'made'), 'config', ...args]);
    const authority = sandbox.write('ca.crt', credentials.certificateAuthorityPem);
    const certificate = sandbox.write('client.crt', credentials.clientCertificatePem);
    const key = sandbox.write('client.key', credentials.clientKeyPem);
    config('set-cluster', name, '--embed-certs', '--certificate-authority', authority, '--server', server);
    config(
      'set-credentials',
      name,
      '--embed-certs',
      '--client-certificate',
      certificate,
      '--client-key',
      key,
    );
    config('set-context', name, '--cluster', name, '--user', name);
    config('use-context', name);
    const made = sandbox.read('made');
    expect(encodeLike(made, name)).toBe(made);
  });

  describe('of kinds that client-go has its own mind about', () => {
    let certificate: string;
    let key: string;
    beforeAll(async () => {
      const { files } = await generateClusterPki({
        hostIp: '127.0.0.1',
        hostname: 'cp1',
        keyAlgorithm: 'ECDSA-P256',
      });
      const dataOf = (path: string): string =>
        Buffer.from(files.find((file) => file.path === path)?.contents ?? '').toString('base64');
      certificate = dataOf('pki/apiserver-kubelet-client.crt');
      key = dataOf('pki/apiserver-kubelet-client.key');
    });

    /** With CERT and KEY for the data of a certificate and its key. */
    const SOUND = [
      'apiVersion: v1',
      'kind: Config',
      'current-context: c',
      'contexts: [{name: c, context: {cluster: c, user: u}}]',
      `clusters: [{name: c, cluster: {server: '${server}', certificate-authority-data: CERT}}]`,
      'users: [{name: u, user: {client-certificate-data: CERT, client-key-data: KEY}}]',
      '',
    ].join('\n');

    /** Whether kubectl gets as far as to call the server, where nobody answers. */
    function isUsed(file: string): boolean {
      try {
        kubectl(['--kubeconfig', file, 'get', '--raw', '/version']);
        return true;
      } catch (error) {
        return /connection to the server 127\.0\.0\.1:1 was refused/.test(String(error));
      }
    }

    async function isTaken(text: string): Promise<boolean> {
      try {
        const { refusals, isTlsVerifySkipped, certificateAuthority } = await parseKubeconfig(text);
        // The checks call that an error by itself.
        return refusals.length === 0 && !(isTlsVerifySkipped && certificateAuthority !== undefined);
      } catch (error) {
        if (isPkiError(error, 'ERR_KUBECONFIG')) return false;
        throw error;
      }
    }

    test.each([
      ['as it should be', 'kind', 'kind', true],
      ['without a kind', 'kind: Config\n', '', true],
      ['without a version', 'apiVersion: v1\n', '', true],
      ['of another kind', 'kind: Config', 'kind: Pod', false],
      ['of another version', 'apiVersion: v1', 'apiVersion: v2', false],
      ['with two users of a name', 'users: [', 'users: [{name: u, user: {}}, ', false],
      [
        'with two clusters of a name',
        'clusters: [',
        "clusters: [{name: c, cluster: {server: 'https://a'}}, ",
        false,
      ],
      [
        'with a CA in a file too',
        'certificate-authority-data',
        'certificate-authority: x, certificate-authority-data',
        false,
      ],
      ['with a key in a file too', 'client-key-data', 'client-key: x, client-key-data', false],
      ['that skips verification beside a CA', 'server:', 'insecure-skip-tls-verify: yes, server:', false],
      ['with a proxy of another scheme', 'server:', "proxy-url: 'ftp://127.0.0.1', server:", false],
      ['with a token beside', 'user: {', 'user: {token: a, ', true],
      ['with a token and a password', 'user: {', 'user: {token: a, username: b, password: c, ', false],
      ['with a token that is a number', 'user: {', 'user: {token: 5, ', false],
      ['that acts as a uid of nobody', 'user: {', 'user: {as-uid: z, ', false],
      [
        'with data that lacks its padding',
        'certificate-authority-data: CERT',
        'certificate-authority-data: QQ',
        false,
      ],
      [
        'with a blank in its data',
        'certificate-authority-data: CERT',
        "certificate-authority-data: 'Q Q=='",
        false,
      ],
      [
        'with a program without its mode',
        'user: {',
        'user: {exec: {command: x, apiVersion: client.authentication.k8s.io/v1}, ',
        false,
      ],
      [
        'with a bad key of another user',
        'users: [',
        'users: [{name: o, user: {client-key-data: QQ}}, ',
        false,
      ],
      ['with another user', 'users: [', 'users: [{name: o, user: {token: a}}, ', true],
    ])('one %s is taken as kubectl takes it', async (_, from, to, isGood) => {
      const text = SOUND.replace(from, to).replaceAll('CERT', certificate).replaceAll('KEY', key);
      expect(await isTaken(text)).toBe(isGood);
      expect(isUsed(sandbox.write('minded', text))).toBe(isGood);
    });

    test('kubectl takes over merged fields and reads yes as true', () => {
      const merged = `x: &x {insecure-skip-tls-verify: yes}\n${SOUND.replace('server:', '<<: *x, server:')}`;
      const file = sandbox.write('merged', merged.replaceAll(/CERT|KEY/g, 'QQ=='));
      expect(kubectl(['--kubeconfig', file, 'config', 'view'])).toContain('insecure-skip-tls-verify: true');
    });
  });
});
