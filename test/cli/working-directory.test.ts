import { expect, test } from '@jest/globals';
import { endOf, NODE, SHAPES, start } from './shapes.ts';
import { withDirectory } from './tree.ts';

// Bun says it in its own words before a line of ours runs.
test.each(SHAPES)('$name says that the working directory is gone, and shows no stack', async (shape) => {
  await withDirectory(async (cwd) => {
    const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    const command = ['/bin/sh', '-c', script, 'sh', ...shape.command, 'show', 'table'];
    const { status, stdout, stderr } = await endOf(start(command, { cwd, env: { PATH: '/usr/bin:/bin' } }));
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/\n\s+at /);
    if (shape === NODE) {
      expect({ status, stderr }).toEqual({
        status: 3,
        stderr:
          'error: the working directory is gone [ERR_STORE]\n  hint: change into a directory that is there, then run again\n',
      });
    } else {
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/working directory/);
    }
  });
});
