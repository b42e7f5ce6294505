import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { readSource } from '../../src/library/source.ts';
import { verifyPki } from '../../src/verify.ts';
import { withDirectory } from '../cli/tree.ts';

const FIXTURES = resolve('fixtures/verify');

function setModes(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() ? 0o755 : /\.(?:key|conf)$/.test(path) ? 0o600 : 0o644);
  }
}

/** Everything that is found in what the word names, by logical path. */
async function found(word: string): Promise<readonly object[]> {
  const { files, places, readFrom, wantsKubeconfigs, findings } = await readSource(word, {
    followsLinks: false,
  });
  const verification = await verifyPki({
    files,
    found: findings,
    directories: places,
    readFrom,
    wantsKubeconfigs,
    options: { profile: 'requirements' },
    cis: '1.12',
    now: new Date('2027-06-01T00:00:00Z'),
    warnWithinSeconds: 0,
  });
  return verification.findings.map((finding) => ({ ...finding, waiver: undefined }));
}

const key = (directory: string): string => join(directory, 'pki/ca.key');

/** What may be done to a host, each with a code that shows it. */
const DEEDS: readonly (readonly [says: string, code: string, deed: (directory: string) => void])[] = [
  [
    'a kubeconfig and a key beside pki',
    'authority-key-copied',
    (directory) => {
      cpSync(key(directory), join(directory, 'ca.key.bak'));
      cpSync(join(directory, 'admin.conf'), join(directory, 'admin.conf.old'));
      writeFileSync(join(directory, 'hosts.conf'), '127.0.0.1 localhost\n');
    },
  ],
  [
    'copies of keys beside pki, and what is called otherwise',
    'authority-key-copied',
    (directory) => {
      cpSync(key(directory), join(directory, 'pki.bak/1/2/ca.key'));
      cpSync(key(directory), join(directory, 'others/ca.key'));
      chmodSync(join(directory, 'pki.bak'), 0o777);
    },
  ],
  [
    'open directories and files',
    'directory-writable',
    (directory) => {
      chmodSync(join(directory, 'pki/etcd'), 0o777);
      chmodSync(directory, 0o775);
      chmodSync(key(directory), 0o644);
    },
  ],
  [
    'a key that a kubeconfig names',
    'key-readable',
    (directory) => {
      const path = join(directory, 'admin.conf');
      const text = readFileSync(path, 'utf8');
      const [, data = ''] = /client-key-data: (\S+)/.exec(text) ?? [];
      writeFileSync(join(directory, 'pki/cur.pem'), Buffer.from(data, 'base64'));
      chmodSync(join(directory, 'pki/cur.pem'), 0o666);
      writeFileSync(path, text.replace(/client-key-data: \S+/, 'client-key: pki/cur.pem'));
    },
  ],
  [
    'files that kubeconfigs name and that are not there',
    'named-file-absent',
    (directory) => {
      for (const [name, file] of [
        ['admin.conf', 'pki/none.pem'],
        ['scheduler.conf', '/var/lib/none.pem'],
      ] as const) {
        const path = join(directory, name);
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace(/client-key-data: \S+/, `client-key: ${file}`),
        );
      }
    },
  ],
  [
    'no kubeconfigs',
    'kubeconfigs-absent',
    (directory) => {
      for (const name of readdirSync(directory)) if (name.endsWith('.conf')) rmSync(join(directory, name));
    },
  ],
  [
    'directories that are too deep',
    'audit-incomplete',
    (directory) => {
      const deep = join(directory, 'pki/1/2/3/4/5/6/7/8');
      mkdirSync(deep, { recursive: true });
      cpSync(key(directory), join(deep, 'ca.key'));
      cpSync(key(directory), join(directory, 'pki/1/2/ca.key'));
      chmodSync(join(directory, 'pki/1'), 0o777);
    },
  ],
];

async function expectSame(directory: string): Promise<readonly object[]> {
  const archive = join(directory, 'host.tar');
  execFileSync('tar', ['-cf', archive, '-C', directory, 'kubernetes']);
  const seen = await found(join(directory, 'kubernetes'));
  expect(await found(archive)).toEqual(seen);
  return seen;
}

test.each(DEEDS)('%s are found in a directory and in an archive of it alike', async (_, code, deed) => {
  await withDirectory(async (directory) => {
    const host = join(directory, 'kubernetes');
    cpSync(join(FIXTURES, 'clean'), host, { recursive: true });
    setModes(host);
    chmodSync(host, 0o755);
    deed(host);
    expect(await expectSame(directory)).toContainEqual(expect.objectContaining({ code }));
  });
});

test.each([
  'key-readable',
  'half-pair',
  'file-unknown',
  'shared-key',
  'kubeconfig-unreadable',
  'credential-in-file',
])('the tree of %s is the same as its archive', async (name) => {
  await withDirectory(async (directory) => {
    const host = join(directory, 'kubernetes');
    cpSync(join(FIXTURES, 'clean'), host, { recursive: true });
    cpSync(join(FIXTURES, name), host, { recursive: true });
    expect(existsSync(join(host, 'fault.json'))).toBe(true);
    rmSync(join(host, 'fault.json'));
    setModes(host);
    await expectSame(directory);
  });
});
