import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, run, type Shape } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const INIT = ['init', '--host-ip', '192.0.2.10', '--hostname', 'cp1', '--cert-dir', 'out/pki'];

// Only Node takes a module to load first; that both shapes read the clock by the same lines the transcripts show.
const EARLY = `const Real = Date;
globalThis.Date = class extends Real {
  constructor(...args) {
    super(...(args.length === 0 ? ['2001-09-09T01:46:40Z'] : args));
  }
};
`;

describe('a clock that shows a time before this release', () => {
  test('is refused, and the error says which flag overrides that', async () => {
    await withDirectory(async (cwd) => {
      writeFileSync(join(cwd, 'early.mjs'), EARLY);
      const [node, ...rest] = NODE.command;
      const shape: Shape = { name: 'early', command: [node, '--import', join(cwd, 'early.mjs'), ...rest] };
      const before = treeOf(cwd);
      const refused = await run(shape, INIT, { cwd });
      expect(refused).toMatchObject({ status: 3, stdout: '' });
      expect(refused.stderr).toContain(
        'error: the clock shows 2001-09-09T01:46:40.000Z, a time before this release',
      );
      expect(refused.stderr).toMatch(/^ {2}hint: .*--allow-early-clock/m);
      expect(treeOf(cwd)).toEqual(before);

      const allowed = await run(shape, [...INIT, '--key-algorithm', 'ECDSA-P256', '--allow-early-clock'], {
        cwd,
      });
      expect(allowed).toMatchObject({ status: 0, stderr: '' });
      expect(allowed.stdout).toContain('expires on 2002-09-09');
    });
  });
});
