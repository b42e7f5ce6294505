import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FileTree, type PresentTree, readTree } from '../../src/present.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { withDirectory } from '../cli/tree.ts';

/** What is read of a directory of kubeconfigs with a `pki` in it. */
function read(directory: string): Promise<PresentTree> {
  const directories = { certDir: join(directory, 'pki'), kubeconfigDir: directory };
  return readTree(directories, { followsLinks: false });
}

test('files that belong to nothing are read up to a bound, and what is beyond is listed and said', async () => {
  await withDirectory(async (cwd) => {
    mkdirSync(join(cwd, 'pki'));
    for (let index = 0; index < 1100; index += 1) writeFileSync(join(cwd, `pki/${index}`), 'x');
    const { files, directories } = await read(cwd);
    expect(files).toHaveLength(1100);
    expect(files.filter(({ contents }) => contents === 'x')).toHaveLength(1000);
    expect(directories[0]).toMatchObject({
      path: 'pki/',
      limits: ['holds more than is read: 100 files that belong to nothing were not'],
    });
  });
});

test('large files that belong to nothing are read up to a bound of all their bytes', async () => {
  await withDirectory(async (cwd) => {
    mkdirSync(join(cwd, 'pki'));
    for (let index = 0; index < 40; index += 1)
      writeFileSync(join(cwd, `pki/${index}`), Buffer.alloc(1024 * 1024, 'x'));
    writeFileSync(join(cwd, 'pki/00'), Buffer.alloc(1024 * 1024 + 1));
    const { files } = await read(cwd);
    expect(files.filter(({ contents }) => contents !== undefined)).toHaveLength(32);
    expect(files.find(({ path }) => path === 'pki/00')).toMatchObject({
      obstacle: 'is too large for a file of a PKI (1048577 bytes)',
    });
  });
});

test('beside the certificates only what is a kubeconfig or holds a key is looked at', async () => {
  await withDirectory(async (cwd) => {
    mkdirSync(join(cwd, 'pki'));
    mkdirSync(join(cwd, 'manifests.conf'));
    const key = encodePem('PRIVATE KEY', Buffer.alloc(48));
    const files = {
      'admin.conf.bak': 'kind: Config',
      config: '{"kind": "Config"}',
      'resolv.conf': 'nameserver 192.0.2.53',
      'odd.conf': key,
      'ca.key.bak': key,
      'store.p12': '0\u0082\u0001\u0001\u0002\u0001\u0003',
      'notes.old': 'none of the PKI',
    };
    for (const [name, contents] of Object.entries(files)) writeFileSync(join(cwd, name), contents);
    symlinkSync('manifests.conf', join(cwd, 'link.conf'));
    expect((await read(cwd)).files.map(({ path }) => path)).toEqual([
      'admin.conf.bak',
      'ca.key.bak',
      'config',
      'odd.conf',
      'store.p12',
    ]);
  });
});

test('beside the certificates also what is called like a copy of them is looked into, and nothing else', async () => {
  await withDirectory(async (cwd) => {
    const key = encodePem('PRIVATE KEY', Buffer.alloc(48));
    const names = [
      'pki.bak/etcd/ca.key',
      'pki-2026-11-01/ca.key',
      'old_PKI/ca.key',
      'saved/kubeadm-backup/admin.conf',
      'Backup 1/ca.key',
      'ssl copy/ca.key',
      'kubernetes_2026/ca.key',
      'certs/ca.key',
      'keys/ca.key',
      'tls/ca.key',
      'ssl/ca.key',
      'tmp/ca.key',
      'my-pki/ca.key',
      'pkis/ca.key',
      'nodes/worker/ca.key',
      'root-ca/ca.key',
      'manifests/ca.key',
      'temple/ca.key',
    ];
    for (const name of ['pki/ca.key', 'pki.bak/ca.crt', ...names]) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), name.endsWith('.conf') ? 'kind: Config' : key);
    }
    const { files, directories } = await read(cwd);
    expect(files.map(({ path }) => path)).toEqual(['pki/ca.key', ...names.slice(0, 7).toSorted()]);
    expect(directories.map(({ path }) => path)).toEqual(['pki/', '.']);
  });
});

test('of what a directory above it keeps from others that is said, and of a copy only what was read', async () => {
  await withDirectory(async (cwd) => {
    const key = encodePem('PRIVATE KEY', Buffer.alloc(48));
    for (const name of ['pki/ca.key', 'pki.bak/etcd/ca.key', 'pki.bak/ca.key', 'old/a/ca.key']) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), key);
    }
    chmodSync(join(cwd, 'pki.bak/etcd'), 0o700);
    chmodSync(join(cwd, 'old'), 0o750);
    chmodSync(join(cwd, 'pki'), 0o700);
    symlinkSync('nowhere', join(cwd, 'old/none.key'));
    const { files } = await read(cwd);
    expect(files.map(({ path, isShutOff = false }) => [path, isShutOff])).toEqual([
      ['pki/ca.key', false],
      ['old/a/ca.key', true],
      ['pki.bak/ca.key', false],
      ['pki.bak/etcd/ca.key', true],
    ]);
  });
});

test('a link called like a copy that leads to a directory is told, unless that is looked into where it lies', async () => {
  await withDirectory(async (cwd) => {
    for (const name of ['pki/etcd', 'store', 'pki.old']) mkdirSync(join(cwd, name), { recursive: true });
    for (const [name, target] of [
      ['backup', 'store'],
      ['pki.bak', 'store'],
      ['copy', 'pki.old'],
      ['saved', 'pki/etcd'],
      ['backup.tar', 'file'],
      ['current', 'store'],
      ['orig', cwd.slice(0, cwd.lastIndexOf('/'))],
      ['old', 'nowhere'],
    ] as const)
      symlinkSync(target, join(cwd, name));
    writeFileSync(join(cwd, 'file'), 'x');
    const obstacle = 'is a symbolic link to a directory, which is not looked into';
    expect((await read(cwd)).files).toEqual([
      { path: 'backup', obstacle },
      {
        path: 'orig',
        obstacle: expect.stringMatching(/^leads out of what is audited, to /),
        link: expect.anything(),
      },
      { path: 'pki.bak', obstacle },
    ]);
  });
});

test('beside a certificate directory in the root directory nothing is entered', async () => {
  const entered = (kubeconfigDir: string): readonly boolean[] => {
    const asked: boolean[] = [];
    const source: FileTree = {
      stateAt: () => ({ kind: 'absent' }),
      followLinks: (path) => path,
      listTree: (directory, enters = () => false) => {
        if (directory === kubeconfigDir) asked.push(enters('backup'));
        return { files: [], directories: new Map(), isCut: false };
      },
      isOneHost: false,
    };
    void readTree({ certDir: join(kubeconfigDir, 'pki'), kubeconfigDir }, { followsLinks: false }, source);
    return asked;
  };
  expect(entered('/etc/kubernetes')).toEqual([true]);
  expect(entered('/')).toEqual([false]);
});

test('what this program kept hides nothing else, and what is not read of it is said of its directory', async () => {
  await withDirectory(async (cwd) => {
    const key = encodePem('PRIVATE KEY', Buffer.alloc(48));
    for (const name of ['pki', 'pki-backups', 'pki.bak']) mkdirSync(join(cwd, name));
    for (let index = 0; index < 1100; index += 1) writeFileSync(join(cwd, `pki-backups/${index}.key`), key);
    for (const name of ['pki.bak/ca.key', 'pki/x', 'x.key']) writeFileSync(join(cwd, name), key);
    const { files, directories } = await read(cwd);
    expect(files.slice(0, 3).map(({ path }) => path)).toEqual(['pki/x', 'x.key', 'pki.bak/ca.key']);
    expect(files).toHaveLength(1000);
    expect(files.every(({ contents }) => contents === key)).toBe(true);
    expect(directories.filter(({ limits }) => limits !== undefined)).toMatchObject([
      { path: '.', limits: ['holds more than is read: 103 files that belong to nothing were not'] },
    ]);
  });
});

test('more files beside the certificates than are looked at is said of their directory', async () => {
  await withDirectory(async (cwd) => {
    mkdirSync(join(cwd, 'pki'));
    mkdirSync(join(cwd, 'backup'));
    spawnSync('sh', ['-c', 'seq 10001 | xargs touch'], { cwd: join(cwd, 'backup') });
    const { directories } = await read(cwd);
    expect(directories.filter(({ limits }) => limits !== undefined)).toMatchObject([
      { path: '.', limits: ['holds more files, or deeper ones, than are looked at'] },
    ]);
  });
});

test('a directory that is not there has nothing, and a file in the place of one is one that belongs to nothing', async () => {
  await withDirectory(async (cwd) => {
    expect((await read(join(cwd, 'nowhere'))).files).toEqual([]);
    mkdirSync(join(cwd, 'pki'));
    writeFileSync(join(cwd, 'pki/etcd'), 'x');
    expect((await read(cwd)).files).toMatchObject([{ path: 'pki/etcd', contents: 'x' }]);
  });
});
