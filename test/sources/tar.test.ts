import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { PkiError, parseArchive, type Source, verifyClusterPki, writeClusterPki } from '../../src/index.ts';
import { filesOf, NOW } from '../report/audited.ts';

let home: string;
/** A host's directories, made once; every test works on a copy. */
let made: string;
beforeAll(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'k8s-pki-tar-')));
  made = join(home, 'made');
  await writeClusterPki({ files: await filesOf() }, join(made, 'etc/kubernetes/pki'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

let copies = 0;
/** The path of a copy that may be changed. */
function copyOf(from: string = made): string {
  copies += 1;
  const copy = join(home, `copy-${copies}`);
  cpSync(from, copy, { recursive: true });
  return copy;
}

const tar = (cwd: string, ...words: readonly string[]): Buffer =>
  execFileSync('tar', ['-c', '-f', '-', ...words], { cwd, maxBuffer: 64 * 1024 * 1024 });

/** What an archive has under a logical path. */
const at = ({ files }: Source, path: string): Source['files'][number] | undefined =>
  files.find((file) => file.path === path);

/** What is found in an archive, and in what is in it. */
async function codesOf(source: Source): Promise<readonly string[]> {
  const { findings } = await verifyClusterPki({ source, at: NOW });
  return findings.map(({ code }) => code);
}

async function failureOf(bytes: Uint8Array): Promise<PkiError> {
  const failure = await parseArchive(bytes).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof PkiError)) throw new Error('expected a PkiError', { cause: failure });
  return failure;
}

const KUBERNETES = 'etc/kubernetes';
const USUAL = `${KUBERNETES}/pki`;

describe('an archive', () => {
  test.each(['ustar', 'gnu', 'pax', 'v7'])(
    'of GNU tar in the format %s is what the directory is',
    async (format) => {
      for (const bytes of [
        tar(made, `--format=${format}`, 'etc'),
        gzipSync(tar(made, `--format=${format}`, 'etc')),
      ]) {
        const source = await parseArchive(bytes, { name: 'e.tar' });
        expect(source).toMatchObject({
          findings: [],
          notices: [],
          directories: [`e.tar:${USUAL}`, `e.tar:${KUBERNETES}`],
        });
        expect(source.files.map(({ path }) => path).toSorted()).toEqual(
          (await filesOf()).map(({ path }) => path).toSorted(),
        );
        const key = readFileSync(join(made, USUAL, 'etcd/server.key'), 'utf8');
        expect(at(source, 'pki/etcd/server.key')).toMatchObject({ contents: key, mode: 0o600 });
        expect(at(source, 'pki/ca.crt')).toMatchObject({ mode: 0o644 });
        expect(await codesOf(source)).toEqual([]);
      }
    },
  );

  test.each<[string, () => Buffer, string]>([
    ['names that begin with ./', () => tar(made, './etc'), USUAL],
    [
      'absolute names',
      () => tar('/', '-P', '--transform', `s,^.*/${KUBERNETES},/${KUBERNETES},`, join(made, KUBERNETES)),
      USUAL,
    ],
    ['a parent called kubernetes', () => tar(join(made, 'etc'), 'kubernetes'), 'kubernetes/pki'],
    ['no parent', () => tar(join(made, KUBERNETES), 'pki'), 'pki'],
    ['the files of the certificate directory alone', () => tar(join(made, USUAL), '.'), '.'],
    ['another name', () => tar(made, '--transform', 's,/pki,/certs,', 'etc'), `${KUBERNETES}/certs`],
    ['names that lead upwards', () => tar(made, '-P', '--transform', 's,^etc,../../etc,', 'etc'), USUAL],
    [
      'a name of more than 255 bytes',
      () => tar(made, '--transform', `s,^etc,${'long/'.repeat(70)}etc,`, 'etc'),
      `${'long/'.repeat(70)}${USUAL}`,
    ],
    [
      'the same in pax',
      () => tar(made, '--format=pax', '--transform', `s,^etc,${'lüng/'.repeat(70)}etc,`, 'etc'),
      `${'lüng/'.repeat(70)}${USUAL}`,
    ],
  ])('with %s is found its way in', async (_, archive, directory) => {
    const source = await parseArchive(archive());
    expect(source.directories[0]).toBe(`archive:${directory}`);
    expect(at(source, 'pki/etcd/ca.key')?.contents).toContain('PRIVATE KEY');
    expect(await codesOf(source)).toEqual([]);
  });

  test('of kubeconfigs alone is read as well', async () => {
    const source = await parseArchive(tar(join(made, KUBERNETES), 'admin.conf', 'kubelet.conf'));
    expect(source.files.map(({ path }) => path)).toEqual(['admin.conf', 'kubelet.conf']);
  });

  test('comes in pieces of any size', async () => {
    const bytes = tar(made, 'etc');
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let start = 0; start < bytes.length; start += 777) yield bytes.subarray(start, start + 777);
    };
    expect(await parseArchive(pieces())).toMatchObject({ findings: [], files: { length: 26 } });
  });

  test('of several hosts is an error that lists them, and one of them can be named', async () => {
    const both = copyOf();
    renameSync(join(both, 'etc'), join(both, 'cp1'));
    cpSync(join(both, 'cp1'), join(both, 'cp2'), { recursive: true });
    const bytes = tar(both, 'cp1', 'cp2');
    expect(await failureOf(bytes)).toMatchObject({
      code: 'ERR_SOURCE',
      detail: { choices: ['cp1/kubernetes/pki', 'cp2/kubernetes/pki'] },
      hint: 'name the one that is meant: --cert-dir cp1/kubernetes/pki',
    });
    const source = await parseArchive(bytes, { certDir: './cp2/kubernetes/pki/' });
    expect(source.pathOf('admin.conf')).toBe('archive:cp2/kubernetes/admin.conf');
    expect(source.files).toHaveLength(26);
    await expect(parseArchive(bytes, { certDir: 'cp3' })).rejects.toThrow('archive: holds no directory cp3');
  });

  test('of a fleet names some of the hosts and says how many more there are', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `cp${index}`);
    const fleet = copyOf();
    for (const name of names) cpSync(join(fleet, USUAL), join(fleet, name, 'pki'), { recursive: true });
    const failure = await failureOf(tar(fleet, ...names));
    expect(failure.message).toMatch(/: (?:cp\d+\/pki, ){9}cp\d+\/pki and 2 more$/);
    expect(failure.detail).toMatchObject({ choices: { length: 12 } });
  });

  test('with kubeconfigs and a root elsewhere is read where they are said to be', async () => {
    const host = copyOf();
    await writeClusterPki(
      { files: await filesOf({}, { rootCa: true, rootCaDir: '/vault' }) },
      { certDir: join(host, 'a/pki'), kubeconfigDir: join(host, 'b'), rootCaDir: join(host, 'c') },
    );
    const source = await parseArchive(tar(host, 'a', 'b', 'c'), { kubeconfigDir: '/b', rootCaDir: 'c' });
    expect(source.directories).toEqual(['archive:a/pki', 'archive:b', 'archive:c']);
    expect(at(source, 'root-ca/root-ca.key')?.contents).toContain('PRIVATE KEY');
    expect(source.pathOf('root-ca/root-ca.key')).toBe('archive:c/root-ca.key');
    expect(at(source, 'admin.conf')?.contents).toContain('kind: Config');
    for (const absent of [{ kubeconfigDir: 'd' }, { rootCaDir: '/d' }])
      await expect(parseArchive(tar(host, 'a'), absent)).rejects.toThrow('archive: holds no directory d');
  });

  test('with an old copy beside the usual place says that the copy is not looked at', async () => {
    const host = copyOf();
    cpSync(join(host, USUAL), join(host, `${USUAL}.old`), { recursive: true });
    const source = await parseArchive(tar(host, 'etc'));
    expect(source).toMatchObject({
      directories: [`archive:${USUAL}`, `archive:${KUBERNETES}`],
      notices: [`archive:${USUAL}.old: is not looked at; --cert-dir ${USUAL}.old does`],
    });
  });

  test('gives files that belong to nothing with what is in them', async () => {
    const host = copyOf();
    writeFileSync(join(host, USUAL, 'etcd/ca.key.old'), 'old');
    const source = await parseArchive(tar(host, 'etc'));
    expect(at(source, 'pki/etcd/ca.key.old')).toMatchObject({ contents: 'old' });
    expect(await codesOf(source)).toEqual(['file-unknown']);
  });

  test('says which file is in it twice, and takes the last', async () => {
    const host = copyOf();
    const archive = join(host, 'e.tar');
    writeFileSync(archive, tar(host, 'etc'));
    writeFileSync(join(host, USUAL, 'sa.pub'), 'another');
    execFileSync('tar', ['-r', '-f', archive, `${USUAL}/sa.pub`], { cwd: host });
    const source = await parseArchive(readFileSync(archive));
    expect(at(source, 'pki/sa.pub')?.contents).toBe('another');
    expect(source.findings).toMatchObject([
      { code: 'archived-twice', severity: 'notice', path: 'pki/sa.pub' },
    ]);
  });
});

describe('a link in an archive', () => {
  test('is followed where it leads to a file in the archive, and has the mode of that', async () => {
    const host = copyOf();
    const pki = join(host, USUAL);
    mkdirSync(join(host, 'vault'));
    renameSync(join(pki, 'ca.key'), join(host, 'vault/ca.key'));
    chmodSync(join(host, 'vault/ca.key'), 0o640);
    symlinkSync('/vault/ca.key', join(pki, 'ca.key'));
    linkSync(join(pki, 'ca.crt'), join(pki, 'ca-again.crt'));
    const bytes = tar(host, 'vault', 'etc');
    const source = await parseArchive(bytes);
    expect(at(source, 'pki/ca.key')).toMatchObject({ mode: 0o640 });
    expect(at(source, 'pki/ca-again.crt')?.contents).toBe(at(source, 'pki/ca.crt')?.contents);
    expect(await codesOf(source)).toEqual(expect.arrayContaining(['mode-too-open']));
  });

  test('that is called pki is where the components look', async () => {
    const host = copyOf();
    renameSync(join(host, USUAL), join(host, `${KUBERNETES}/pki-2026`));
    symlinkSync('pki-2026', join(host, USUAL));
    const source = await parseArchive(tar(host, 'etc'));
    expect(source.directories).toEqual([`archive:${USUAL}`, `archive:${KUBERNETES}`]);
    expect(await codesOf(source)).toEqual([]);
  });

  test('never leads to a file of this host, and in a circle to nothing', async () => {
    const host = copyOf();
    const pki = join(host, USUAL);
    for (const name of ['sa.key', 'sa.pub', 'ca.crt']) rmSync(join(pki, name));
    symlinkSync('/etc/passwd', join(pki, 'sa.key'));
    symlinkSync('../../../../../../../etc/passwd', join(pki, 'sa.pub'));
    symlinkSync('ca.crt', join(pki, 'ca.crt'));
    const source = await parseArchive(tar(host, 'etc'));
    expect(at(source, 'pki/sa.key')?.obstacle).toBe('is a symbolic link to nothing');
    expect(at(source, 'pki/sa.pub')?.obstacle).toBe('is a symbolic link to nothing');
    expect(at(source, 'pki/ca.crt')?.obstacle).toBe('cannot be read (ELOOP)');
  });
});

describe('what is no file in an archive', () => {
  test('is an obstacle: a pipe, a directory, a file of more than 1 MiB', async () => {
    const host = copyOf();
    const pki = join(host, USUAL);
    for (const name of ['ca.crt', 'sa.pub', 'apiserver.crt']) rmSync(join(pki, name));
    execFileSync('mkfifo', [join(pki, 'ca.crt')]);
    mkdirSync(join(pki, 'sa.pub'));
    writeFileSync(join(pki, 'apiserver.crt'), 'x'.repeat(1024 * 1024 + 1));
    const source = await parseArchive(tar(host, 'etc'));
    expect(
      ['pki/ca.crt', 'pki/sa.pub', 'pki/apiserver.crt'].map((path) => at(source, path)?.obstacle),
    ).toEqual([
      'is a pipe, a socket or a device',
      'is a directory',
      'is too large for a file of a PKI (1048577 bytes)',
    ]);
    expect(at(source, 'pki/sa.key')?.contents).toContain('PRIVATE KEY');
  });

  test.each(['gnu', 'pax'])(
    'as a file with holes in the format %s, and what follows is read',
    async (format) => {
      const host = copyOf();
      const hollow = join(host, USUAL, 'apiserver.crt');
      for (let hole = 1; hole <= 40; hole += 1) {
        const bytes = readFileSync(hollow);
        truncateSync(hollow, hole * 16_384);
        writeFileSync(hollow, bytes.subarray(0, 100), { flag: 'a' });
      }
      const source = await parseArchive(tar(host, `--format=${format}`, '-S', '--sort=name', 'etc'));
      expect(at(source, 'pki/apiserver.crt')?.obstacle).toBe('cannot be read (ENOTSUP)');
      expect(source.findings).toEqual([]);
      expect(at(source, 'pki/sa.key')?.contents).toContain('PRIVATE KEY');
    },
  );
});

describe('a damaged archive', () => {
  /** Wants what is left of an archive to be an error with a code, or a source that says that it is not whole. */
  async function expectSaid(bytes: Uint8Array, isDamaged = true): Promise<void> {
    try {
      const source = await parseArchive(bytes);
      if (isDamaged) expect(source.findings.map(({ code }) => code)).toContain('archive-damaged');
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      expect(error.code).toBe('ERR_SOURCE');
    }
  }

  test.each([512, 500])('is said to be, wherever it was cut: after each %s bytes', async (step) => {
    const bytes = tar(join(made, USUAL), 'ca.crt', 'ca.key', 'sa.pub', 'etcd');
    const whole = bytes.length - 512 * 2;
    const isZero = (start: number): boolean => bytes.subarray(start).every((byte) => byte === 0);
    for (let end = 0; end < whole && !isZero(end); end += step) await expectSaid(bytes.subarray(0, end));
    const zipped = gzipSync(bytes);
    for (let end = 0; end < zipped.length; end += 97) await expectSaid(zipped.subarray(0, end));
    await expectSaid(bytes, false);
  });

  test('gives what was read before the cut, and says of the file that was cut that it cannot be read', async () => {
    const bytes = tar(join(made, USUAL), 'ca.crt', 'ca.key', 'sa.pub');
    const source = await parseArchive(bytes.subarray(0, bytes.indexOf('PRIVATE KEY') + 60));
    expect(at(source, 'pki/ca.crt')?.contents).toContain('END CERTIFICATE');
    expect(at(source, 'pki/ca.key')).toEqual({ path: 'pki/ca.key', obstacle: 'cannot be read (EIO)' });
    expect(source.findings).toMatchObject([
      { code: 'archive-damaged', severity: 'error', path: '', message: 'ends in the middle of a file' },
    ]);
  });

  test('misses nothing and takes nothing for misplaced, wherever it was cut: it may be behind the cut', async () => {
    const bytes = tar(made, '--sort=name', USUAL.split('/')[0] ?? '');
    const codes = new Set<string>();
    for (let end = 2048; end < bytes.length - 10_240; end += 2048) {
      const source = await parseArchive(bytes.subarray(0, end)).catch(() => undefined);
      if (source === undefined) continue;
      const { findings } = await verifyClusterPki({ source, at: NOW });
      for (const { code } of findings) codes.add(code);
    }
    expect([...codes].toSorted()).toEqual(['archive-damaged', 'file-unreadable']);
  });

  test('with a header that is none gives the files behind it', async () => {
    const bytes = tar(join(made, USUAL), 'ca.crt', 'ca.key', 'sa.pub');
    bytes.write('x', bytes.indexOf('ca.key'));
    const source = await parseArchive(bytes);
    expect(source.files.map(({ path }) => path)).toEqual(['pki/ca.crt', 'pki/sa.pub']);
    expect(source.findings).toMatchObject([{ message: 'holds bytes that belong to no file' }]);
  });

  test('never does more than to say so, whichever bytes are changed', async () => {
    const bytes = tar(join(made, USUAL), '--format=pax', 'ca.crt', 'ca.key', 'sa.pub', 'etcd/ca.crt');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }),
        async (changes) => {
          const changed = Buffer.from(bytes);
          for (const [place, byte] of changes) changed[place] = byte;
          await expectSaid(changed, false);
        },
      ),
      { numRuns: process.env['SLOW'] === '1' ? 20_000 : 1_000, seed: 5 },
    );
  }, 120_000);
});

describe('what is no archive of a PKI', () => {
  test.each<[string, Uint8Array, string, string | undefined]>([
    ['nothing', Buffer.alloc(0), 'is empty', 'name a directory'],
    ['the end of an archive', Buffer.alloc(10_240), 'is empty', undefined],
    [
      'random bytes',
      Buffer.from('00ff13', 'hex'),
      'is no tar archive and no YAML or JSON',
      'name a directory',
    ],
    ['zstd', Buffer.from('28b52ffd00', 'hex'), 'is compressed with zstd', 'zstd -dc FILE | k8s-pki verify -'],
    ['xz', Buffer.from('fd377a585a0000', 'hex'), 'is compressed with xz', 'xz -dc FILE | k8s-pki verify -'],
    ['bzip2', Buffer.from('BZh91AY'), 'is compressed with bzip2', 'bzip2 -dc FILE | k8s-pki verify -'],
    ['zip', Buffer.from('PK\u0003\u0004'), 'is compressed with zip', 'unpack it'],
    ['a text', Buffer.from('kind: List'), 'is no tar archive', undefined],
    ['the start of gzip', Buffer.from('1f8b', 'hex'), 'is no whole gzip file', undefined],
  ])('%s: says so, and what to do', async (_, bytes, says, hint) => {
    const { message, hint: given } = await failureOf(bytes);
    expect(message).toContain(says);
    if (hint !== undefined) expect(given).toContain(hint);
  });

  test('an archive of something else says how to name the directory', async () => {
    const other = join(home, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'a.txt'), 'a');
    expect(await failureOf(tar(other, 'a.txt'))).toMatchObject({
      message: 'archive: holds no file that the table has',
      hint: expect.stringContaining('--cert-dir'),
    });
  });
});

describe('an archive that is larger than any PKI', () => {
  /** Zeros without end, in a gzip file or not: nothing is ever held of them. */
  const MEBIBYTE = Buffer.alloc(1024 * 1024);

  test('ends with an error, not with the memory', async () => {
    const header = tar(join(made, USUAL), 'ca.crt').subarray(0, 512);
    let given = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield header;
      for (;;) {
        given += 1;
        yield MEBIBYTE;
      }
    };
    await expect(parseArchive(endless())).rejects.toThrow('holds more than 256 MiB');
    expect(given).toBeLessThan(260);
  });

  test('because it has too many files, or too large ones in all, is an error as well', async () => {
    const many = copyOf();
    writeFileSync(join(many, 'names'), `${USUAL}/ca.crt\n`.repeat(10_001));
    expect(await failureOf(tar(many, '-T', 'names'))).toMatchObject({
      message: 'archive: holds more than 10000 files and directories',
    });
    const large = copyOf();
    writeFileSync(join(large, USUAL, 'ca.crt'), MEBIBYTE);
    writeFileSync(join(large, 'names'), `${USUAL}/ca.crt\n`.repeat(33));
    expect(await failureOf(gzipSync(tar(large, '--hard-dereference', '-T', 'names')))).toMatchObject({
      message: 'archive: holds more than 32 MiB of files',
    });
  });
});
