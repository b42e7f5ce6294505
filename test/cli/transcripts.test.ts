import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, SHAPES } from './shapes.ts';
import { runTranscript } from './transcript.ts';
import { withDirectory } from './tree.ts';

const FOLDER = join(__dirname, 'transcripts');
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

describe.each(SHAPES)('transcripts on $name', (shape) => {
  test.concurrent.each(NAMES)('%s', async (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const seen = await withDirectory((work) => runTranscript(text, shape, work));
    if (seen !== text) writeFileSync(join(FOLDER, name), seen);
  });
});

describe('the runner of transcripts', () => {
  test.each([
    ['a command that should succeed', 'k8s-pki frob', 'expected success'],
    ['a command that should fail', '! k8s-pki --version', 'expected a failure'],
    ['another exit code', '! k8s-pki frob\nexit 3', 'line 2: exit 3: expected exit 3'],
    ['words that are not there', 'k8s-pki --version\nstdout frob', 'expected /frob/ on stdout'],
    ['words that should not be there', 'k8s-pki --version\n! stdout 0', 'expected no /0/ on stdout'],
    ['another text', 'k8s-pki --version\ncmp stdout a\n-- a --\n0\n', 'expected a'],
    ['a change', 'exec touch a\nunchanged', 'expected no changes\n+ 100644'],
    ['a change of times', 'exec touch -d @0 a\nunchanged\n-- a --\n', 'expected no changes\n- 100644'],
    ['a missing file', 'exists a', 'expected a to be there'],
    ['a file too many', '! exists a\n-- a --\n', 'expected a not to be there'],
    ['a word of its own', 'frob', 'no such verb: frob'],
  ])('complains about %s', async (_, text, says) => {
    await withDirectory((work) => expect(runTranscript(text, NODE, work)).rejects.toThrow(says));
  });
});
