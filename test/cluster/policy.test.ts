import { describe, expect, test } from '@jest/globals';
import { type PolicyOptions, parsePolicy, parsePolicyText } from '../../src/cluster/policy.ts';
import { parseWeakKeyList } from '../../src/cluster/weak-key-list.ts';
import { isPkiError } from '../../src/errors.ts';

/** `value: rule` of each issue. */
async function issuesOf(read: () => unknown): Promise<readonly string[]> {
  try {
    await read();
    return [];
  } catch (error) {
    if (!isPkiError(error, 'ERR_CONFIG')) throw error;
    return error.detail.issues.map(({ option, value, rule }) => `--${option} ${value}: ${rule}`);
  }
}

describe('a policy', () => {
  const text = `# of the platform team
keyAlgorithms: [RSA-3072, RSA-8192, ECDSA-P256]
signatureHashes:
  - sha256
maximumValidity:
  ca: 10y
  certificate: 398d
`;
  const policy = {
    keyAlgorithms: ['RSA-3072', 'RSA-8192', 'ECDSA-P256'],
    signatureHashes: ['sha256'],
    maximumValiditySeconds: { ca: 315_360_000, certificate: 34_387_200 },
  };

  test('is read from a file and from an object alike', async () => {
    expect(await parsePolicyText(text, 'p')).toEqual(policy);
    const options: PolicyOptions = {
      keyAlgorithms: policy.keyAlgorithms,
      signatureHashes: ['sha256'],
      maximumValidity: { ca: '10y', certificate: '398d' },
    };
    expect(parsePolicy(options)).toEqual(policy);
  });

  test('may ask for one thing alone', async () => {
    expect(await parsePolicyText('maximumValidity: {certificate: 90d}', 'p')).toEqual({
      maximumValiditySeconds: { certificate: 7_776_000 },
    });
  });

  test('is refused with everything that is wrong with it, by line and column', async () => {
    const wrong = `keyAlgorithm: [RSA-3072]
keyAlgorithms: [RSA-3072, RSA-512, 3072]
signatureHashes: sha256
maximumValidity:
  ca: 10
  certificate: 1 year
  root: 20y
`;
    expect(await issuesOf(() => parsePolicyText(wrong, 'p.yaml'))).toEqual([
      '--policy p.yaml:1:1: keyAlgorithm is no field of a policy',
      '--policy p.yaml:2:27: keyAlgorithms[1] is none of the words that go here',
      '--policy p.yaml:2:36: keyAlgorithms[2] is none of the words that go here',
      '--policy p.yaml:3:1: signatureHashes must be a list',
      '--policy p.yaml:7:3: maximumValidity.root is no field of a policy',
      '--policy p.yaml:5:3: maximumValidity.ca must be a period in text',
      '--policy p.yaml:6:3: maximumValidity.certificate must be a period of whole seconds',
    ]);
  });

  test.each([
    [
      'has a field twice',
      'keyAlgorithms: [RSA-3072]\nkeyAlgorithms: [RSA-2048]',
      ['p:2:1: has a field twice'],
    ],
    ['is no YAML', 'keyAlgorithms: [', ['p:1:17: is not YAML']],
    ['is no mapping', '- RSA-3072', ['p:1:1: a policy must be a mapping']],
    ['says nothing', '{}', ['p:1:1: a policy asks for nothing']],
    ['is empty', '', ['p:1:1: a policy must be a mapping']],
    ['has several documents', 'a: 1\n---\na: 1', ['p:2:1: has several documents']],
    [
      'lets nothing pass',
      'keyAlgorithms: []\nmaximumValidity: {ca: 0s}',
      [
        'p:1:1: keyAlgorithms must not be empty: nothing would pass',
        'p:2:19: maximumValidity.ca must be longer than nothing',
      ],
    ],
    ['is a bomb', `a: &a x\nb: [${'*a, '.repeat(3000)}]`, ['p:1:1: has aliases that cannot be followed']],
  ])('that %s is refused', async (_, wrong, issues) => {
    expect(await issuesOf(() => parsePolicyText(wrong, 'p'))).toEqual(
      issues.map((issue) => `--policy ${issue}`),
    );
  });

  test('given as an object is held to the same', async () => {
    const wrong: object = { keyAlgorithms: ['rsa'], surplus: 1 };
    expect(await issuesOf(() => parsePolicy(wrong))).toEqual([
      '--policy surplus: is no field of a policy',
      '--policy keyAlgorithms[0]: is none of the words that go here',
    ]);
  });
});

describe('a list of weak keys', () => {
  const short = '3c430072d96e4a1e1809';
  const long = '0123456789abcdef'.repeat(4);

  test('has a key in each line, and remarks', () => {
    const list = `# Debian\r\n\n${short}\r\n  ${long.toUpperCase()}\n`;
    expect(parseWeakKeyList(list, 'l')).toEqual(new Set([short, long]));
  });

  test('with lines that are no keys is refused: a key on them would be missed', async () => {
    expect(await issuesOf(() => parseWeakKeyList(`${short}\n${short}0\nkey`, 'l'))).toEqual([
      '--weak-keys l:2: must be 20 or 64 hexadecimal digits',
      '--weak-keys l:3: must be 20 or 64 hexadecimal digits',
    ]);
    expect(await issuesOf(() => parseWeakKeyList('x\n'.repeat(1000), 'l'))).toHaveLength(10);
    expect(await issuesOf(() => parseWeakKeyList('# nothing\n', 'l'))).toEqual([
      '--weak-keys l: must name a key',
    ]);
  });
});
