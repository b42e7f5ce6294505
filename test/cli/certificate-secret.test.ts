import { expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, endOf, NODE, run, SHAPES, start } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const HOST = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--key-algorithm', 'ECDSA-P256'];
const KEY = ['--certificate-key-file', 'key'];
const IMPORT = ['import', 'secret', 'secret.yaml', ...KEY, '--cert-dir', 'two/pki'];
const FILES = ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.pub', 'sa.key'];
const ALL = [...FILES, 'etcd/ca.crt', 'etcd/ca.key'];

const RENAMES = 'rename,renameat,renameat2';
/** Which of its renames an import does not live to see: two for its locks, one that commits, then one for each file. */
const MOMENTS = [1, 3, 4, 7, 11];

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('import secret, killed', () => {
  test.each(SHAPES.flatMap((shape) => MOMENTS.map((moment) => [shape.name, moment, shape] as const)))(
    'on %s at rename %i leaves all of it or nothing to whoever comes next',
    async (_, moment, shape) => {
      await withDirectory(async (cwd) => {
        writeFileSync(join(cwd, 'key'), '5a'.repeat(32), { mode: 0o600 });
        await run(NODE, ['init', ...HOST, '--cert-dir', 'out/pki'], { cwd });
        const secret = ['export', 'secret', '--cert-dir', 'out/pki', ...KEY, '--output-file', 'secret.yaml'];
        expect(await run(NODE, secret, { cwd })).toMatchObject({ status: 0, stdout: '' });

        const inject = `inject=${RENAMES}:signal=KILL:when=${moment}`;
        const strace = `strace -f -qq -o /dev/null -e trace=${RENAMES} -e ${inject}`.split(' ');
        const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
        const killed = await endOf(
          start(['/usr/bin/env', ...strace, ...shape.command, ...IMPORT], { cwd, env }),
        );
        expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' });
        const isThere = (path: string): boolean =>
          treeOf(cwd).some((line) => line.includes(` two/pki/${path} `));
        // Nothing is in its place before all of it is on the disk.
        if (moment <= 3) expect(ALL.filter(isThere)).toEqual([]);

        expect(await run(shape, IMPORT, { cwd })).toMatchObject({ status: 0 });
        for (const path of ALL)
          expect(readFileSync(join(cwd, 'two/pki', path))).toEqual(readFileSync(join(cwd, 'out/pki', path)));
        expect(treeOf(cwd).filter((line) => line.includes('.k8s-pki'))).toEqual([]);
      });
    },
    30_000,
  );
});
