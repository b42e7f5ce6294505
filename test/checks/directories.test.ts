import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Owner, PresentDirectory, PresentFile } from '../../src/checks/evidence.ts';
import { type ClusterPki, verifyClusterPki } from '../../src/index.ts';
import { NOW, smallPki } from './small-pki.ts';

const ROOT: Owner = { uid: 0, gid: 0 };

let pki: ClusterPki;
beforeAll(async () => {
  pki = await smallPki();
});

/** `severity code path: message` of everything that is found. */
async function found(
  directories: readonly PresentDirectory[],
  files: readonly PresentFile[] = pki.files,
): Promise<readonly string[]> {
  const { findings } = await verifyClusterPki({ files, directories, at: NOW, profile: 'requirements' });
  return findings.map(({ severity, code, path, message }) => `${severity} ${code} ${path}: ${message}`);
}

const ownedBy = (uid: number, path: RegExp): readonly PresentFile[] =>
  pki.files.map((file) => ({ ...file, owner: path.test(file.path) ? { uid, gid: uid } : ROOT }));

describe('a directory', () => {
  test.each([
    [0o755, []],
    [0o700, []],
    [0o2755, []],
    [0o757, ['error directory-writable pki/etcd: can be written by others']],
    [0o1777, ['warning directory-mode pki/etcd: is sticky, and all may put files into it']],
    [0o775, ['warning directory-mode pki/etcd: can be written by its group']],
  ])('with the mode %o is judged by who may write to it', async (mode, expected) => {
    expect(await found([{ path: 'pki/etcd', mode, owner: ROOT }])).toEqual(expected);
  });

  test('that cannot be looked into is an error, and what is too much a warning', async () => {
    const directories = [
      { path: 'pki/', limits: ['holds more files, or deeper ones, than are looked at'] },
      { path: 'pki/old', obstacle: 'cannot be read (EACCES)' },
    ];
    expect(await found(directories)).toEqual([
      'warning audit-incomplete pki/: holds more files, or deeper ones, than are looked at',
      'error directory-unreadable pki/old: cannot be read (EACCES)',
    ]);
  });

  test('beside the certificates counts only where kubeconfigs lie in it', async () => {
    const open = [{ path: '.', mode: 0o777, owner: ROOT }];
    expect(await found(open)).toEqual(['error directory-writable .: can be written by others']);
    expect(
      await found(
        open,
        pki.files.filter(({ path }) => path.startsWith('pki/')),
      ),
    ).toEqual([]);
  });
});

describe('the owner of a file with a key or with what is trusted', () => {
  const directories = [
    { path: 'pki/', owner: ROOT },
    { path: 'pki/etcd', owner: { uid: 107, gid: 107 } },
    { path: '.', owner: ROOT },
  ];

  test('is root or the owner of its directory', async () => {
    expect(await found(directories, ownedBy(107, /^pki\/etcd\//))).toEqual([]);
    expect(
      await found(directories, ownedBy(1000, /^pki\/(ca\.|apiserver\.crt|sa\.pub)|^admin\.conf$/)),
    ).toEqual([
      'warning owner-differs pki/ca.crt: belongs to another user than its directory',
      'warning owner-differs pki/ca.key: belongs to another user than its directory',
      'warning owner-differs pki/sa.pub: belongs to another user than its directory',
      'warning owner-differs admin.conf: belongs to another user than its directory',
    ]);
  });

  test('is that of a copy which somebody unpacked', async () => {
    const copied = directories.map((directory) => ({ ...directory, owner: { uid: 1000, gid: 1000 } }));
    expect(await found(copied, ownedBy(1000, /^/))).toEqual([]);
  });

  test('matters in a file that no row has, too', async () => {
    const contents = pki.files.find(({ path }) => path === 'pki/ca.key')?.contents ?? '';
    const copy = { path: 'pki/ca.key.old', contents, owner: { uid: 1000, gid: 1000 } };
    expect(await found(directories, [...ownedBy(0, /^/), copy])).toContain(
      'warning owner-differs pki/ca.key.old: belongs to another user than its directory',
    );
  });
});

test('a file behind a link that leads elsewhere is an error where it was not read, a warning where it was', async () => {
  const linked = (isFollowed: boolean): readonly PresentFile[] =>
    pki.files.map(({ path, contents }) => {
      if (path !== 'pki/ca.crt') return { path, contents };
      const link = { target: '/vault/ca.crt', isFollowed };
      return isFollowed ? { path, contents, link } : { path, obstacle: 'leads out', link };
    });
  expect(await found([], linked(false))).toEqual([
    'error link-not-followed pki/ca.crt: leads out of what is audited, and was not looked at',
  ]);
  expect(await found([], linked(true))).toEqual([
    'warning link-outside pki/ca.crt: lies outside of what is audited',
  ]);
});
