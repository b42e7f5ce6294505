import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DIFFERENCES } from '../../src/table/differences.ts';
import { run, SHAPES } from '../cli/shapes.ts';
import { withDirectory } from '../cli/tree.ts';

const ROOT = resolve(__dirname, '../..');
const DOCUMENT = readFileSync(join(ROOT, 'docs/from-kubeadm.md'), 'utf8');
const BLOCKS = [...DOCUMENT.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

/** The lines that begin with a word, without it. The case `commands` of the conformance suite types those of kubeadm for both. */
function linesOf(program: string): readonly string[] {
  return BLOCKS.flatMap((text) =>
    [...text.matchAll(new RegExp(`^${program} (.*)$`, 'gm'))].map(([, line = '']) => line),
  );
}

describe('docs/from-kubeadm.md', () => {
  test('changes one word', () => {
    const [theirs = '', ours = ''] = BLOCKS;
    expect(theirs.replaceAll(/^kubeadm/gm, 'k8s-pki')).toBe(ours);
    expect(linesOf('kubeadm').length).toBeGreaterThan(10);
  });

  test('names differences that are listed, and each that a command has', () => {
    const ids = DIFFERENCES.filter(({ scope }) => scope === 'command').map(({ id }) => id);
    const shown = [...DOCUMENT.matchAll(/`([a-z-]+)`/g)].map(([, word = '']) => word);
    expect(shown).toEqual(expect.arrayContaining(ids));
  });

  test.each([...SHAPES])(
    'has no line that $name does not know',
    async (shape) => {
      await withDirectory(async (cwd) => {
        for (const line of new Set(linesOf('kubeadm'))) {
          const words = line.split(' ');
          const { status, stdout } = await run(shape, [...words, '--help'], { cwd });
          const flags = words.filter((word) => word.startsWith('--'));
          expect({ line, status }).toEqual({ line, status: 0 });
          for (const flag of flags) expect(stdout).toContain(`${flag} `);
        }
      });
    },
    60_000,
  );
});
