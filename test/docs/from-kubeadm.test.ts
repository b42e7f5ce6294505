import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DIFFERENCES } from '../../src/table/differences.ts';
import { NODE, run, SHAPES } from '../cli/shapes.ts';
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

  test('names no command, part or flag that is not there', async () => {
    await withDirectory(async (cwd) => {
      const helpOf = async (command: string): Promise<string> => {
        const { status, stdout } = await run(NODE, [...command.split(' '), '--help'], { cwd });
        expect({ command, status }).toEqual({ command, status: 0 });
        return stdout;
      };
      const sections = [...DOCUMENT.matchAll(/^## `([^`]+)`\n([\s\S]*?)(?=^## )/gm)];
      expect(sections).toHaveLength(4);
      for (const [, name = '', text = ''] of sections) {
        const isPhase = name.startsWith('init phase ');
        const help = await helpOf(isPhase ? `${name} all` : name);
        // Behind the last of these stand those that are refused.
        const shown = text
          .match(/^\| (?:flags|besides) \|.*/gm)
          ?.map((line) => line.replace(/; `.* refused .*/, ''));
        for (const [flag] of (shown ?? []).join('\n').matchAll(/--[a-z-]+/g))
          expect(help).toContain(`${flag} `);
        const [parts = ''] = /^\| parts \|.*/m.exec(text) ?? [];
        for (const [, part] of parts.matchAll(/`([a-z-]+)`/g)) await helpOf(`${name} ${part}`);
      }
      const others = [...DOCUMENT.matchAll(/`k8s-pki ([^`]+)`/g)].map(([, line = '']) => line.split(' '));
      for (const words of others) {
        const help = await helpOf(words.filter((word) => !word.startsWith('-')).join(' '));
        for (const flag of words.filter((word) => word.startsWith('--'))) expect(help).toContain(`${flag} `);
      }
    });
  }, 60_000);

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
