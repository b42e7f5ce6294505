import { expect, test } from '@jest/globals';
import { join, resolve } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, endOf, SHAPES, start } from './shapes.ts';
import { withDirectory } from './tree.ts';

/** What a shape says to a terminal, which script(1) gives it. */
async function say(command: string, env: Readonly<Record<string, string>>): Promise<string> {
  return withDirectory(async (cwd) => {
    const surroundings = {
      cwd,
      env: { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...env },
    };
    const { stdout } = await endOf(
      start(['/usr/bin/env', 'script', '-qec', command, '/dev/null'], surroundings),
    );
    return stdout;
  });
}

oracle(
  'script',
  isOnPath('script'),
  'script(1) is not on the PATH',
)('on a terminal', () => {
  test.each(SHAPES)(
    '$name colours severities, unless NO_COLOR is set or the terminal is dumb',
    async ({ command }) => {
      const refused = [...command, 'init', '--host-ip', 'foo', '--hostname', 'cp1'].join(' ');
      expect(await say(refused, {})).toContain('\u001b[31merror:\u001b[39m --host-ip "foo"');
      for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
        const plain = await say(refused, env);
        expect(plain).toContain('error: --host-ip "foo"');
        expect(plain).not.toContain('\u001b');
      }
    },
  );

  test.each(SHAPES)(
    '$name colours the rows that are to be looked at, on stdout alone, unless NO_COLOR is set',
    async ({ command }) => {
      const tree = join(resolve('fixtures/kubeadm'), 'v1.37.2-default');
      const check = [...command, 'certs', 'check-expiration', tree, '--at', '2027-11-20'].join(' ');
      expect(await say(check, {})).toContain('\u001b[33mapiserver       ');
      expect(await say(check, {})).toContain('no      \u001b[39m\r\n');
      expect(await say(check.replace('2027', '2028'), {})).toContain('\u001b[31mapiserver       ');
      expect(await say(check, { NO_COLOR: '1' })).not.toContain('\u001b');
      expect(await say(`${check} -o json 2>&1`, {})).toContain('"kind": "CertificateExpirationInfo"');
      expect(await say(`${check} --output-file out && cat out`, {})).toMatch(/^apiserver +Nov 23/m);
    },
  );
});
