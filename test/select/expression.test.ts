import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../src/finding.ts';
import { isMatched, parseExpression, textOfFinding } from '../../src/select/expression.ts';

const FINDING: Finding = {
  code: 'key-readable',
  severity: 'error',
  row: 'etcd-ca',
  path: 'pki/etcd/ca.key',
  message: 'can be read by others',
};

function ruleOf(source: string): string {
  const parsed = parseExpression(source);
  return 'rule' in parsed ? parsed.rule : 'none';
}

function matches(source: string, finding: Finding = FINDING): boolean {
  const parsed = parseExpression(source);
  if ('rule' in parsed) throw new RangeError(parsed.rule);
  return isMatched(parsed.value, finding);
}

describe('a finding is matched', () => {
  test('as its code, its row and its path', () => {
    expect(textOfFinding(FINDING)).toBe('key-readable etcd-ca pki/etcd/ca.key');
    expect(textOfFinding({ code: 'file-unknown', severity: 'notice', path: 'pki/x', message: '' })).toBe(
      'file-unknown - pki/x',
    );
  });

  test.each([
    ['^key-readable ', true],
    [' etcd-ca ', true],
    [' ca ', false],
    [String.raw`/ca\.key$`, true],
    ['^ca', false],
    ['KEY', false],
    ['^(?:expired|key-readable) .*etcd', true],
  ])('by %s: %s', (source, isWanted) => {
    expect(matches(source)).toBe(isWanted);
  });

  test('by the end of a path that is very long', () => {
    const finding = { ...FINDING, path: `pki/${'a/'.repeat(2000)}end` };
    expect(matches('/end$', finding)).toBe(true);
    expect(matches('pki/', finding)).toBe(false);
  });
});

describe('an expression is refused', () => {
  test.each([
    ['(', 2],
    ['a(b', 4],
    ['a)b', 2],
    ['*a', 1],
    ['etcd/+*', 7],
    ['[a', 3],
    ['[b-a]', 4],
    ['a{2,1}', 6],
    ['(?<a>x)(?<a>y)', 12],
    ['(?z)', 3],
    ['key\\', 5],
  ])('with the character at which it goes wrong: %s, %d', (source, position) => {
    expect(ruleOf(source)).toMatch(`regular expression; at character ${position} `);
  });

  test.each([
    ['(a+)+$', 5],
    ['(a*)*', 5],
    ['(?:a|b)*', 8],
    ['(a?){30}', 5],
    ['((a+))+', 7],
    ['x(?<n>.*,)+', 11],
    ['([(]+)+', 7],
  ])('where it may take for ever: %s, %d', (source, position) => {
    expect(ruleOf(source)).toBe(
      `must not repeat a group that itself repeats or chooses, as at character ${position}`,
    );
  });

  test.each([
    ['a*a*a*a*b', 8],
    ['.{2,}.+.*.{0,}', 11],
  ])('where it repeats very often: %s, %d', (source, position) => {
    expect(ruleOf(source)).toBe(`must not repeat more than 3 times, as at character ${position}`);
  });

  test.each([
    ['a?'.repeat(11), 22],
    ['(a|a)'.repeat(11), 55],
    ['a{0,2}'.repeat(11), 62],
  ])('where it chooses very often: %s, %d', (source, position) => {
    expect(ruleOf(source)).toBe(`must not choose more than 10 times, as at character ${position}`);
  });

  test('where it is empty or long', () => {
    expect(ruleOf('')).toBe('must not be empty');
    expect(ruleOf('a'.repeat(201))).toMatch('200 characters at the most');
  });

  test('quickly, however long it is', () => {
    const start = performance.now();
    expect(ruleOf('('.repeat(200))).toMatch('at character 201');
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

test('what is not refused is quick on the longest path', () => {
  const finding = { ...FINDING, path: 'a'.repeat(5000) };
  const start = performance.now();
  for (const source of [
    'a*a*a*X',
    `${'a?'.repeat(10)}${'a'.repeat(10)}X`,
    `${'(?:a|a)'.repeat(10)}X`,
    '.*,.*,.*,',
  ])
    expect(matches(source, finding)).toBe(false);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test.each([
  'a+b*c?',
  '(?:expired|expires-soon)',
  '(?:a|b)?',
  '(etcd/){1}',
  '(ab)+',
  '(?:[a-f]{2}:)+',
  'ca|etcd|sa|apiserver|front-proxy|admin|kubelet|scheduler|a|b|c|d',
  String.raw`\(a\)+`,
  '[(a+)]+',
  '(?=a)b',
  'pki/.*/ca',
])('%s is an expression', (source) => {
  expect(ruleOf(source)).toBe('none');
});
