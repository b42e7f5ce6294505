import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareEnvironment, type Ended, run, type Shape, SHAPES } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

/** Nobody in particular: whom root would be, in a container as well, may read everything. */
const ORDINARY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

function verify({ command: [program, ...first] }: Shape, cwd: string, word: string): Omit<Ended, 'signal'> {
  const args = [...first, 'verify', word, '--profile', 'requirements'];
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: bareEnvironment(cwd),
    encoding: 'utf8',
    ...ORDINARY,
  });
  return { status, stdout, stderr };
}

describe.each(SHAPES)('verify of $name as an ordinary user', (shape) => {
  const withPki = (body: (cwd: string) => void): Promise<void> =>
    withDirectory(async (cwd) => {
      const host = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--key-algorithm', 'ECDSA-P256'];
      await run(shape, ['init', ...host, '--cert-dir', 'out/pki'], { cwd });
      for (const path of ['', 'out', 'out/pki', 'out/pki/etcd']) chmodSync(join(cwd, path), 0o755);
      body(cwd);
    });

  test('finds what it may not read, says so of each, and changes nothing', async () => {
    await withPki((cwd) => {
      chmodSync(join(cwd, 'out/pki/ca.key'), 0);
      chmodSync(join(cwd, 'out/pki/etcd'), 0);
      const before = process.getuid?.() === 0 ? treeOf(cwd) : [];
      const { status, stdout, stderr } = verify(shape, cwd, 'out');
      expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
      for (const path of ['ca.key', 'etcd/ca.crt', 'etcd/server.key']) {
        expect(stdout).toContain(
          `error: ${cwd}/out/pki/${path}: cannot be read (EACCES) [file-unreadable]\n`,
        );
      }
      expect(stdout).not.toContain('[row-absent]');
      if (process.getuid?.() === 0) expect(treeOf(cwd)).toEqual(before);
      chmodSync(join(cwd, 'out/pki/etcd'), 0o755);
    });
  });

  test('says of a directory that it may not look into, and of such an archive, that it cannot be read', async () => {
    await withPki((cwd) => {
      writeFileSync(join(cwd, 'e.tar'), '', { mode: 0 });
      chmodSync(join(cwd, 'out/pki'), 0);
      for (const word of ['out', 'out/pki', 'e.tar']) {
        const { status, stdout, stderr } = verify(shape, cwd, word);
        expect({ word, status, stdout }).toEqual({ word, status: 3, stdout: '' });
        expect(stderr).toMatch(/^error: \S+: cannot read: permission denied \(EACCES\) \[ERR_STORE\]$/m);
      }
      chmodSync(join(cwd, 'out'), 0);
      expect(verify(shape, cwd, 'out').status).toBe(3);
      chmodSync(join(cwd, 'out'), 0o755);
      chmodSync(join(cwd, 'out/pki'), 0o755);
    });
  });
});
