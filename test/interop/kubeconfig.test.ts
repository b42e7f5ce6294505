import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encodeKubeconfig } from '../../src/kubeconfig/encode.ts';
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
});
