import { expect, test } from '@jest/globals';
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
});
