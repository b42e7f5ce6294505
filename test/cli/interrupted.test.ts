import { expect, test } from '@jest/globals';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, endOf, run, SHAPES, start } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const HOST = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--key-algorithm', 'ECDSA-P256'];
const INIT = ['init', ...HOST, '--cert-dir', 'out/pki'];

/** System calls at which a run is killed; a run takes its two locks by rename, then commits, then puts each file in place. */
const MOMENTS = [
  ['the commit', 'rename,renameat,renameat2', 3, 'take it back', 'took back what it had begun', 'create'],
  ['the first file', 'rename,renameat,renameat2', 4, 'finish it', 'finished what it had begun', 'keep'],
  [
    'a file in the middle',
    'rename,renameat,renameat2',
    15,
    'finish it',
    'finished what it had begun',
    'keep',
  ],
  ['the last file', 'rename,renameat,renameat2', 29, 'finish it', 'finished what it had begun', 'keep'],
] as const;

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('a run that is killed', () => {
  test.each(SHAPES.flatMap((shape) => MOMENTS.map((moment) => [shape.name, ...moment, shape] as const)))(
    'on %s at %s is made known to those who only look, and made good by those who write',
    async (...[, , calls, count, will, did, action, shape]) => {
      await withDirectory(async (cwd) => {
        const inject = `inject=${calls}:signal=KILL:when=${count}`;
        const strace = [
          '/usr/bin/env',
          'strace',
          '-f',
          '-qq',
          '-o',
          '/dev/null',
          '-e',
          `trace=${calls}`,
          '-e',
          inject,
        ];
        const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
        const killed = await endOf(start([...strace, ...shape.command, ...INIT], { cwd, env }));
        expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' });

        const before = treeOf(cwd);
        const dry = await run(shape, [...INIT, '--dry-run'], { cwd });
        expect(dry.stderr).toContain(
          `an earlier run was interrupted; the next run that writes will ${will} first`,
        );
        expect(treeOf(cwd)).toEqual(before);

        const { status, stdout, stderr } = await run(shape, INIT, { cwd });
        expect(status).toBe(0);
        expect(stderr).toBe(`notice: an earlier run was interrupted: ${did} (26 files)\n`);
        expect(stdout).toMatch(new RegExp(`^${action} +apiserver `, 'm'));
        expect(treeOf(cwd).filter((line) => line.includes('.k8s-pki'))).toEqual([]);
        expect(await run(shape, INIT, { cwd })).toMatchObject({ status: 0, stderr: '' });
      });
    },
    30_000,
  );
});
