import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { type Ended, run, type Shape, SHAPES } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const INIT = 'init --host-ip 192.0.2.10 --hostname cp1 --key-algorithm ECDSA-P256 --cert-dir out/pki';

// Modes say nothing to root.
const isRoot = process.getuid?.() === 0;
const setpriv = spawnSync('sh', ['-c', 'command -v setpriv'], { encoding: 'utf8' }).stdout.trim();

/** Audits as a user who is not root, and sees that nothing is changed. */
async function auditAsOrdinaryUser(shape: Shape, cwd: string): Promise<Ended> {
  const wrapper = isRoot ? [setpriv, '--reuid=4711', '--regid=4711', '--clear-groups'] : [];
  const [program = '', ...words] = [...wrapper, ...shape.command];
  chmodSync(cwd, 0o755);
  const before = isRoot ? treeOf(cwd) : [];
  const ended = await run({ ...shape, command: [program, ...words] }, ['verify', 'out'], { cwd });
  expect(isRoot ? treeOf(cwd) : []).toEqual(before);
  return ended;
}

oracle(
  'an ordinary user',
  !isRoot || setpriv !== '',
  'setpriv is not on the PATH',
)('an audit by an ordinary user', () => {
  test.each(SHAPES)('names what it may not read, and looks at the rest: $name', async (shape) => {
    await withDirectory(async (cwd) => {
      await run(shape, INIT.split(' '), { cwd });
      mkdirSync(join(cwd, 'out/pki/closed'));
      for (const closed of ['ca.key', 'closed']) chmodSync(join(cwd, 'out/pki', closed), 0o000);
      const { status, stdout, stderr } = await auditAsOrdinaryUser(shape, cwd);
      chmodSync(join(cwd, 'out/pki/closed'), 0o755);
      expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
      expect(stdout).toContain('/out/pki/ca.key: cannot be read (EACCES) [file-unreadable]');
      expect(stdout).toContain('/out/pki/closed: cannot be read (EACCES) [directory-unreadable]');
      expect(stdout).not.toContain('/out/pki/apiserver.crt');
    });
  });

  test.each(SHAPES)('names a directory whose entries it may see and not open: $name', async (shape) => {
    await withDirectory(async (cwd) => {
      await run(shape, INIT.split(' '), { cwd });
      chmodSync(join(cwd, 'out/pki/etcd'), 0o444);
      const { status, stdout } = await auditAsOrdinaryUser(shape, cwd);
      chmodSync(join(cwd, 'out/pki/etcd'), 0o755);
      expect(status).toBe(1);
      expect(stdout).toContain('/out/pki/etcd/ca.crt: cannot be read (EACCES) [file-unreadable]');
    });
  });
});

/** Whether access lists can be given to files where the tests put them. */
function hasAccessLists(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-pki-acl-'));
  const { status } = spawnSync('setfacl', ['-m', 'u:4711:r', folder]);
  rmSync(folder, { recursive: true });
  return status === 0;
}

oracle(
  'setfacl',
  isOnPath('setfacl') && hasAccessLists(),
  'setfacl is not on the PATH, or the file system has no access lists',
)('an access list', () => {
  // acl(5), "Correspondence between ACL entries and file permission bits": the group's bits are the mask.
  test.each(SHAPES)('that lets another user read a key shows in the mode: $name', async (shape) => {
    await withDirectory(async (cwd) => {
      await run(shape, INIT.split(' '), { cwd });
      spawnSync('setfacl', ['-m', 'u:4711:r', 'out/pki/ca.key'], { cwd });
      const { stdout } = await run(shape, ['verify', 'out'], { cwd });
      expect(stdout).toMatch(
        /out\/pki\/ca\.key: is open to more than it should be \[mode-too-open\]\n {2}expected: 0600\n {2}found: {4}0640\n.*getfacl/,
      );
    });
  });
});
