import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseCanonical } from '../../src/kubeconfig/canonical.ts';
import { encodeKubeconfig } from '../../src/kubeconfig/encode.ts';
import { parseKubeconfig } from '../../src/kubeconfig/parse.ts';
import type { DesiredKubeconfig } from '../../src/resolve/desired.ts';

const desired: DesiredKubeconfig = {
  cluster: 'default-cluster',
  user: 'default-admin',
  context: 'default-system',
  server: 'https://192.0.2.10:6443',
  trust: ['ca'],
  hasPreferences: false,
};
const credentials = {
  certificateAuthorityPem: 'CA\n',
  clientCertificatePem: 'certificate\n',
  clientKeyPem: 'key\n',
};
const encoded = (change: Partial<DesiredKubeconfig>): string =>
  encodeKubeconfig({ ...desired, ...change }, credentials);

/** A comment changes nothing in YAML, and makes the text one that the library reads. */
const byLibrary = (text: string) => parseKubeconfig(`# read by the library\n${text}`);

const golden = readdirSync('fixtures/kubeadm')
  .filter((name) => name.startsWith('v'))
  .flatMap((name) =>
    readdirSync(join('fixtures/kubeadm', name))
      .filter((file) => file.endsWith('.conf'))
      .map((file) => join('fixtures/kubeadm', name, file)),
  );

/** What kubeadm wrote for clusters with odd names, and the names as the library reads them. */
const oddlyNamed = readFileSync('fixtures/kubeadm/odd-names.yaml', 'utf8')
  .split(/^---\n/m)
  .slice(1)
  .map((text) => {
    const document = parse(text);
    const [{ name: cluster }] = document.clusters;
    const names = { cluster, context: document['current-context'], user: document.users[0].name };
    return [cluster.slice(0, 40), text, names] as const;
  });

const name = fc.oneof(
  fc.constantFrom(...'y No on OFF true Null tRue .inf .NaN ~ a e3 inf kubernetes a.b a:b'.split(' ')),
  fc.constantFrom(...'0x1 0x_ 0o17 0o8 1e3 1e400 +.5 1:30 2026-11-23 2026-13-45 --- ...a日 {x}'.split(' ')),
  fc.constantFrom('a-', 'a b', "it's", 'a: b', 'a #b', '- a', '2026-1-2 3:4:5', '🎈'),
  fc.string({ unit: fc.constantFrom(...Array.from('aYn1.:-@_/ #\'"{e')), minLength: 1 }),
  fc.string({ unit: fc.constantFrom(...Array.from('0123.:-+_exobZT ')), minLength: 1, maxLength: 8 }),
  fc.string({ unit: fc.constantFrom(...Array.from('a日   \'"\\🎈:#')), minLength: 70, maxLength: 253 }),
);

describe('the bytes of a kubeconfig', () => {
  test.each(oddlyNamed)('for a cluster named %j are those of kubeadm', (_, text, names) => {
    expect(encoded(names).replaceAll(/(-data): .*/g, '$1: …')).toBe(text);
  });

  test.each(['1e400', '2026-13-45', '2026-01-01T02:03:04', '0xfffffffffffffffff', '._5'])(
    'have in quotes what has the shape of a number or date: %s',
    (cluster) => {
      expect(encoded({ cluster })).toContain(`  name: "${cluster}"\n`);
    },
  );

  // The library's schema of YAML 1.1 reads these as NaN: numbers but for their digits.
  const NO_DIGITS = /^[-+]?(?:0[xb]_+|\._*|(?:\._*)?[eE][-+]?[0-9]+)$/;

  test.each(['1.1', '1.2'] as const)('give YAML %s back what they were made of', (version) => {
    fc.assert(
      fc.property(name, (cluster) => {
        fc.pre(version === '1.2' || !NO_DIGITS.test(cluster));
        const { clusters, contexts } = parse(encoded({ cluster }), { version });
        expect([clusters[0].name, contexts[0].context.cluster]).toEqual([cluster, cluster]);
      }),
      { numRuns: 1000, seed: 7 },
    );
  });
});

describe('a kubeconfig in the lines that kubeadm writes', () => {
  test.each(golden)('%s is read alike by its lines and by the library', async (path) => {
    const text = readFileSync(path, 'utf8');
    expect(parseCanonical(text)).toBeDefined();
    expect(await parseKubeconfig(text)).toEqual(await byLibrary(text));
  });

  test('whatever its names are, comes back as it was, by its lines and by the library', async () => {
    await fc.assert(
      fc.asyncProperty(name, name, name, fc.boolean(), async (cluster, user, context, hasPreferences) => {
        const text = encoded({ cluster, user, context, hasPreferences });
        const read = await parseKubeconfig(text);
        expect(read).toMatchObject({ cluster, user, context, clientKey: { pem: 'key\n' } });
        expect(read).toEqual(await byLibrary(text));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test('changed by one character is never read otherwise than the library reads it', async () => {
    const text = encoded({});
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.constantFrom('', ...Array.from('\n #:-"\'{}[]&*!|>%@`\tyn0=')),
        async (at, character) => {
          const changed = text.slice(0, at) + character + text.slice(at + 1);
          if (parseCanonical(changed) === undefined) return;
          expect(await parseKubeconfig(changed)).toEqual(await byLibrary(changed));
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });
});

/** A kubeconfig with one of everything, by the fields of its cluster and its user. */
function kubeconfigOf({ cluster = "server: 'https://a'", user = '', more = '' }): string {
  return [
    'kind: Config',
    'current-context: c',
    'contexts: [{name: c, context: {cluster: c, user: u}}]',
    `clusters: [{name: c, cluster: {${cluster}}}]`,
    `users: [{name: u, user: {${user}}}, ${more}]`,
    '',
  ].join('\n');
}

describe('a kubeconfig', () => {
  const read = (text: string) => parseKubeconfig(text);

  test.each([
    ['no YAML', 'a: [', 'kubeconfig is not YAML, see line 1'],
    ['no mapping', '- a', 'file is not a kubeconfig: it has no "kind: Config"'],
    ['nothing', '', 'file is not a kubeconfig: it has no "kind: Config"'],
    ['no current context', 'kind: Config', 'kubeconfig has no current-context'],
    [
      'a dangling context',
      'kind: Config\ncurrent-context: a',
      'kubeconfig has no entry named "a" with a context in contexts',
    ],
    [
      'a dangling cluster',
      'kind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]',
      'kubeconfig has no entry named "c" with a cluster in clusters',
    ],
    [
      'a context that is no string',
      'kind: Config\ncurrent-context: [1]',
      'kubeconfig field current-context is not a string',
    ],
    [
      'data that is no base64',
      encoded({}).replace(/client-key-data: .*/, 'client-key-data: "%%%"'),
      'kubeconfig field client-key-data is not base64',
    ],
  ])('with %s is refused with where', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'ERR_KUBECONFIG', message });
  });

  test('that expands aliases without end is refused', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, index) => `a${index}: &a${index} [${`*a${index - 1},`.repeat(index === 0 ? 0 : 9)}x]`,
    );
    await expect(read(`${levels.join('\n')}\nkind: Config\n`)).rejects.toMatchObject({
      code: 'ERR_KUBECONFIG',
    });
  });

  test('with several contexts is read by the current one', async () => {
    const text = `kind: Config
current-context: second
contexts:
- {name: first, context: {cluster: one, user: one}}
- {name: second, context: {cluster: two, user: two}}
clusters:
- {name: one, cluster: {server: 'https://one'}}
- {name: two, cluster: {server: 'https://two', insecure-skip-tls-verify: true, certificate-authority: /ca.crt}}
users:
- {name: one, user: {}}
- {name: two, user: {client-certificate: /c.pem, client-key: /k.pem}}
`;
    expect(await read(text)).toEqual({
      context: 'second',
      cluster: 'two',
      user: 'two',
      server: 'https://two',
      certificateAuthority: { file: '/ca.crt' },
      isTlsVerifySkipped: true,
      clientCertificate: { file: '/c.pem' },
      clientKey: { file: '/k.pem' },
      otherCredentials: [],
      otherFields: [],
      refusals: [],
      otherUsers: [{ name: 'one', otherCredentials: [] }],
      otherEntries: ['cluster "one"', 'context "first"'],
    });
  });

  test('says that a user carries more than a certificate, and nothing of what', async () => {
    const user = 'token: s3cret, tokenFile: t, username: u, password: s3cret, exec: {command: s3cret}';
    const carrying = await read(kubeconfigOf({ user, more: '{name: other, user: {token: s3cret}}' }));
    expect(carrying.otherCredentials).toEqual(['token', 'tokenFile', 'password', 'exec']);
    expect(carrying.otherUsers).toEqual([{ name: 'other', otherCredentials: ['token'] }]);
    expect(JSON.stringify(carrying)).not.toContain('s3cret');
  });

  test.each(['true', 'yes', 'On', 'y'])('does not verify the server where it says %s', async (word) => {
    const cluster = `server: 'https://a', insecure-skip-tls-verify: ${word}`;
    expect(await read(kubeconfigOf({ cluster }))).toMatchObject({ isTlsVerifySkipped: true });
  });

  test('takes over what it merges, as Go does', async () => {
    const text = kubeconfigOf({ cluster: "<<: *base, server: 'https://a'" });
    const base = 'x-base: &base {insecure-skip-tls-verify: true}\n';
    expect(await read(base + text)).toMatchObject({ isTlsVerifySkipped: true });
  });

  test('may leave out its kind and its version, and has no others', async () => {
    const text = kubeconfigOf({});
    await expect(read(text.replace('kind: Config\n', ''))).resolves.toBeDefined();
    await expect(read(text.replace('kind: Config', 'kind: Pod'))).rejects.toThrow('is not a kubeconfig');
    await expect(read(`apiVersion: v2\n${text}`)).rejects.toThrow('another apiVersion');
  });

  test('with a field twice says so, which readers take either way', async () => {
    await expect(read(`${kubeconfigOf({})}kind: Config\n`)).rejects.toThrow('has a field twice, see line');
  });

  test.each(['QQ', 'Q Q==', 'QQ=', '===='])('has no data such as %j', async (data) => {
    const cluster = `server: 'https://a', certificate-authority-data: '${data}'`;
    await expect(read(kubeconfigOf({ cluster }))).rejects.toThrow('is not base64');
  });

  const MEBIBYTE = 1024 * 1024;
  const filled = (text: string): string => text.repeat(Math.floor(MEBIBYTE / text.length));

  test.each([
    ['opens lists', '['],
    ['opens mappings', '{a: '],
    ['nests lists', '- '],
    ['nests keys', '? '],
    ['repeats a tag', '!!x '],
    ['has aliases', '- *a\n'],
    ['has anchors', '- &a x\n'],
    ['has fields', 'a: 1\n'],
    ['has directives', '%X\n'],
    ['has nothing but comments', '#\n'],
    ['has mistakes', ': :\n'],
  ])('of a mebibyte that %s is refused in no time', async (_, part) => {
    const start = performance.now();
    await expect(read(`a: &a x\nb:\n${filled(part)}`)).rejects.toMatchObject({ code: 'ERR_KUBECONFIG' });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('that is nested more deeply than any is refused', async () => {
    const lines = Array.from({ length: 1400 }, (_, index) => `${' '.repeat(index)}a:\n`);
    await expect(read(lines.join(''))).rejects.toMatchObject({ code: 'ERR_KUBECONFIG' });
  });

  test('of a hundred clusters is read', async () => {
    const all = (text: string): string =>
      Array.from({ length: 100 }, (_, index) => text.replaceAll('N', `n${index}`)).join('');
    const text = [
      'kind: Config\ncurrent-context: n1\nclusters:\n',
      all('- name: N\n  cluster:\n    server: https://N\n    certificate-authority-data: QQ==\n'),
      'contexts:\n',
      all('- name: N\n  context:\n    cluster: N\n    user: N\n'),
      'users:\n',
      all('- name: N\n  user:\n    client-certificate-data: QQ==\n    client-key-data: QQ==\n'),
    ].join('');
    expect((await read(text)).otherUsers).toHaveLength(99);
  });
});
