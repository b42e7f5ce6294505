import { describe, expect, test } from '@jest/globals';
import { encodeDer, encodeOid, encodeSequence, TAG } from '../../src/x509/der.ts';
import { encodeName } from '../../src/x509/name.ts';
import {
  bytes,
  directory,
  dns,
  email,
  ip,
  NAME_CONSTRAINTS,
  nameConstraints,
  rulesOf,
  SUBJECT_ALT_NAME,
  uri,
  validateChain,
} from './path-forge.ts';

type Names = readonly Uint8Array[];

/** The rules that a leaf with these names breaks below a CA with these constraints, but for what is only Go's matter. */
function judge(
  constraints: Uint8Array,
  names: Names,
  subjectDer: Uint8Array = encodeName({ commonName: 'leaf' }),
): readonly string[] {
  const san = names.length === 0 ? undefined : encodeSequence(...names);
  const validation = validateChain({
    ca: { values: { [NAME_CONSTRAINTS]: constraints } },
    leaf: { values: { [SUBJECT_ALT_NAME]: san }, subjectDer },
  });
  return rulesOf(validation).filter((rule) => rule !== 'critical-in-go' && rule !== 'malformed-extension');
}

const OUTSIDE = ['name-constraints'];

/** A name of RDNs with one attribute each. */
function nameOf(...attributes: readonly (readonly [oid: string, tag: number, text: string])[]): Uint8Array {
  return encodeSequence(
    ...attributes.map(([oid, tag, text]) =>
      encodeDer(TAG.set, encodeSequence(encodeOid(oid), encodeDer(tag, Buffer.from(text)))),
    ),
  );
}

describe('a permitted', () => {
  test.each<[string, Uint8Array, Uint8Array, boolean]>([
    ['DNS name has itself in it', dns('a.example'), dns('a.example'), true],
    ['DNS name has what is below it', dns('example'), dns('b.a.example'), true],
    ['DNS name has not what is above it', dns('a.example'), dns('example'), false],
    ['DNS name ends at a dot', dns('example'), dns('an-example'), false],
    ['DNS name has no case', dns('A.Example'), dns('a.eXAMPLE'), true],
    ['DNS name has a wildcard below it', dns('example'), dns('*.example'), true],
    ['DNS name has not the wildcard that it would match', dns('a.example'), dns('*.example'), false],
    ['DNS name that is empty has all', dns(''), dns('a.example'), true],
    ['DNS name has nothing with a dot in front', dns('example'), dns('.example'), false],
    ['DNS name has nothing with a dot behind', dns('example'), dns('a.example.'), false],
    ['DNS name has nothing with two dots', dns('example'), dns('a..example'), false],
    ['DNS name has nothing with a blank', dns('example'), dns('a b.example'), false],
    ['DNS name leaves addresses free', dns('example'), ip('c0000201'), true],
    ['IPv4 subnet has its addresses', ip('c0000200 ffffff00'), ip('c00002ff'), true],
    ['IPv4 subnet has no others', ip('c0000200 ffffff00'), ip('c0000301'), false],
    ['IPv4 subnet may end inside a byte', ip('c0000200 fffffe00'), ip('c0000301'), true],
    ['IPv4 subnet of one address', ip('c0000201 ffffffff'), ip('c0000202'), false],
    ['IPv4 subnet of no bits has all', ip('c0000201 00000000'), ip('01020304'), true],
    [
      'IPv4 subnet has no IPv6 address',
      ip('00000000 00000000'),
      ip('20010db8000000000000000000000001'),
      false,
    ],
    [
      'IPv6 subnet has its addresses',
      ip('20010db8000000000000000000000000 ffffffff000000000000000000000000'),
      ip('20010db8000000000000000000000001'),
      true,
    ],
    [
      'IPv6 subnet has no others',
      ip('20010db8000000000000000000000000 ffffffff000000000000000000000000'),
      ip('20010db9000000000000000000000001'),
      false,
    ],
    ['mailbox has itself', email('a@example.com'), email('a@EXAMPLE.com'), true],
    ['mailbox has no other case', email('a@example.com'), email('A@example.com'), false],
    ['mail host has its mailboxes', email('example.com'), email('a.b+c@example.com'), true],
    ['mail host has no hosts below it', email('example.com'), email('a@b.example.com'), false],
    ['mail domain has the hosts below it', email('.example.com'), email('a@b.example.com'), true],
    ['mail domain has not the host of its name', email('.example.com'), email('a@example.com'), false],
    ['mail host has nothing with two signs', email('example.com'), email('a@b@example.com'), false],
    ['mail host has nothing without a local part', email('example.com'), email('@example.com'), false],
    ['mail host has nothing that is quoted', email('example.com'), email('"a b"@example.com'), false],
    ['host has its URIs', uri('example.com'), uri('https://u@EXAMPLE.com:1/a?b#c'), true],
    ['host has no hosts below it', uri('example.com'), uri('https://a.example.com'), false],
    ['host has not what only begins so', uri('example.com'), uri('https://example.com.evil/'), false],
    ['domain has the hosts below it', uri('.example.com'), uri('spiffe://a.example.com/ns/b'), true],
    ['host has no URI without one', uri('example.com'), uri('urn:example.com'), false],
    ['host has no URI with an address', uri('example.com'), uri('https://192.0.2.1/'), false],
    ['host has no URI with an IPv6 address', uri('example.com'), uri('https://[2001:db8::1]/'), false],
    ['host that is empty has no URI with an address', uri(''), uri('https://192.0.2.1/'), false],
    ['host that is empty has no URI with an address of the future', uri(''), uri('https://[v1.a]/'), false],
    ['host has no other user', uri('example.com'), uri('https://example.com@evil.com/'), false],
  ])('%s', (_, base, name, isWithin) => {
    expect(judge(nameConstraints([base]), [name])).toEqual(isWithin ? [] : OUTSIDE);
  });
});

describe('an excluded', () => {
  test.each<[string, Uint8Array, Uint8Array, boolean]>([
    ['DNS name has what is below it', dns('example'), dns('a.example'), true],
    [
      'DNS name has the wildcard that it would match (CVE-2025-61727)',
      dns('a.example'),
      dns('*.example'),
      true,
    ],
    ['DNS name has no wildcard that matches beside it', dns('b.a.example'), dns('*.example'), false],
    ['DNS name has no others', dns('a.example'), dns('b.example'), false],
    ['DNS name that is empty has all', dns(''), dns('a.example'), true],
    ['IPv4 subnet has its addresses', ip('c0000200 ffffff00'), ip('c00002ff'), true],
    ['IPv4 subnet has no others', ip('c0000200 ffffff00'), ip('c0000301'), false],
    ['mail host that is empty has all', email(''), email('a@example.com'), true],
    ['host has its URIs', uri('example.com'), uri('https://example.com'), true],
    [
      'registered ID has all, since none is understood',
      encodeDer(0x88, bytes('2a03')),
      encodeDer(0x88, bytes('2a04')),
      true,
    ],
  ])('%s', (_, base, name, isWithin) => {
    expect(judge(nameConstraints([], [base]), [name])).toEqual(isWithin ? OUTSIDE : []);
  });
});

describe('constraints', () => {
  test('that begin with a dot are told of, and mean what is below', () => {
    const form = 'name-constraints-form';
    expect(judge(nameConstraints([dns('.example')]), [dns('a.example')])).toEqual([form]);
    expect(judge(nameConstraints([dns('.example')]), [dns('example')])).toEqual([form, ...OUTSIDE]);
    expect(judge(nameConstraints([], [dns('.a.example')]), [dns('*.example')])).toEqual([form]);
  });

  test('permit what any of them permits, but for what any excludes', () => {
    const constraints = nameConstraints([dns('a.example'), dns('b.example')], [dns('c.b.example')]);
    expect(judge(constraints, [dns('x.a.example'), dns('x.b.example')])).toEqual([]);
    expect(judge(constraints, [dns('x.a.example'), dns('c.b.example')])).toEqual(OUTSIDE);
  });

  test('hold for mail addresses in the subject, where there is no subjectAltName', () => {
    const subject = nameOf(['1.2.840.113549.1.9.1', TAG.ia5String, 'a@example.com']);
    expect(judge(nameConstraints([email('example.net')]), [], subject)).toEqual(OUTSIDE);
    expect(judge(nameConstraints([email('example.com')]), [], subject)).toEqual([]);
    expect(judge(nameConstraints([email('example.net')]), [dns('a')], subject)).toEqual([]);
  });

  test.each<[string, Uint8Array]>([
    ['nothing', bytes('3000')],
    ['empty lists', bytes('3004 a000 a100')],
    ['NULL', bytes('0500')],
    ['a field too many', bytes('300b a007 3005 8203 612e62 0500')],
    ['a minimum', bytes('300c a00a 3008 8203 612e62 800100')],
    ['a DNS name with a wildcard', nameConstraints([dns('*.example')])],
    ['a DNS name with a blank', nameConstraints([dns('a b')])],
    ['a DNS name beyond ASCII', nameConstraints([encodeDer(0x82, bytes('e9'))])],
    ['an address without a mask', nameConstraints([ip('c0000200')])],
    ['a mask with a gap', nameConstraints([ip('c0000200 ff00ff00')])],
    ['a mailbox with two signs', nameConstraints([email('a@b@example.com')])],
    ['an address as the host of URIs', nameConstraints([uri('192.0.2.1')])],
    ['an excluded one that is none', nameConstraints([dns('example')], [ip('')])],
  ])('are refused with %s', (_, constraints) => {
    expect(judge(constraints, [encodeDer(0x88, bytes('2a03'))])).toEqual(OUTSIDE);
  });
});

describe('a directory name', () => {
  const O = '2.5.4.10';
  const CN = '2.5.4.3';
  const base = nameOf([O, TAG.printableString, 'system:nodes']);
  test.each<[string, Uint8Array, boolean]>([
    ['has itself in it', base, true],
    [
      'has what is below it',
      nameOf([O, TAG.printableString, 'system:nodes'], [CN, TAG.utf8String, 'a']),
      true,
    ],
    ['has no others', nameOf([O, TAG.printableString, 'system:masters']), false],
    ['does not end inside a value', nameOf([O, TAG.printableString, 'system:nodes2']), false],
    [
      'has not what only ends so',
      nameOf([CN, TAG.utf8String, 'a'], [O, TAG.printableString, 'system:nodes']),
      false,
    ],
    ['has no other type of attribute', nameOf([CN, TAG.printableString, 'system:nodes']), false],
    [
      'has no case, blanks or type of string (RFC 5280 7.1)',
      nameOf([O, TAG.utf8String, ' System:Nodes ']),
      true,
    ],
  ])('%s', (_, subject, isWithin) => {
    expect(judge(nameConstraints([directory(base)]), [dns('a')], subject)).toEqual(isWithin ? [] : OUTSIDE);
    expect(judge(nameConstraints([], [directory(base)]), [dns('a')], subject)).toEqual(
      isWithin ? OUTSIDE : [],
    );
  });

  test('holds for names in subjectAltName and for the subject', () => {
    const [inside, outside] = [directory(base), directory(nameOf([CN, TAG.utf8String, 'a']))];
    expect(judge(nameConstraints([inside]), [inside], base)).toEqual([]);
    expect(judge(nameConstraints([inside]), [outside], base)).toEqual(OUTSIDE);
    expect(judge(nameConstraints([], [inside]), [inside])).toEqual(OUTSIDE);
  });

  test('is not asked of a certificate without a subject', () => {
    const leaf = { subjectDer: nameOf(), turned: [SUBJECT_ALT_NAME] };
    const ca = { values: { [NAME_CONSTRAINTS]: nameConstraints([directory(base)]) } };
    expect(rulesOf(validateChain({ ca, leaf }))).toEqual(['critical-in-go']);
  });

  test.each<[string, readonly [number, string], readonly [number, string]]>([
    ['case', [TAG.utf8String, 'A'], [TAG.utf8String, 'a']],
    ['the type of string', [TAG.utf8String, 'a'], [TAG.printableString, 'a']],
    ['the width of letters', [TAG.utf8String, '\uff21'], [TAG.utf8String, 'a']],
    ['blanks around it', [TAG.utf8String, ' a '], [TAG.utf8String, 'a']],
    ['how many blanks are in it', [TAG.utf8String, 'a  b'], [TAG.utf8String, 'a b']],
    ['case in the component of a domain', [TAG.ia5String, 'A'], [TAG.ia5String, 'a']],
  ])('is compared without %s (RFC 5280 7.1, 7.3)', (_, one, other) => {
    const names = [directory(nameOf([O, ...other]))];
    expect(judge(nameConstraints([], [directory(nameOf([O, ...one]))]), names)).toEqual(OUTSIDE);
  });

  test('has its attributes in no order', () => {
    const rdn = (...values: readonly (readonly [number, string])[]): Uint8Array => {
      const attributes = values.map(([tag, text]) =>
        encodeSequence(encodeOid(O), encodeDer(tag, Buffer.from(text))),
      );
      return directory(encodeSequence(encodeDer(TAG.set, ...attributes)));
    };
    const [one, other] = [
      rdn([TAG.utf8String, 'a'], [TAG.printableString, 'b']),
      rdn([TAG.utf8String, 'b'], [TAG.printableString, 'a']),
    ];
    expect(judge(nameConstraints([], [one]), [other])).toEqual(OUTSIDE);
  });

  test('is its bytes in other types of string', () => {
    const t61 = (text: string): Uint8Array => directory(nameOf([O, 0x14, text]));
    expect(judge(nameConstraints([], [t61('a')]), [t61('a')])).toEqual(OUTSIDE);
    expect(judge(nameConstraints([], [t61('a')]), [t61('A')])).toEqual([]);
  });
});

describe('a certificate', () => {
  test.each<[host: string, names: Names, isGood: boolean]>([
    ['a.example', [dns('a.example')], true],
    ['A.example', [dns('a.EXAMPLE')], true],
    ['a.example.', [dns('a.example')], true],
    ['a.example', [dns('a.example.')], false],
    ['b.a.example', [dns('a.example')], false],
    ['a.example', [dns('*.example')], true],
    ['b.a.example', [dns('*.example')], false],
    ['example', [dns('*.example')], false],
    ['ab.example', [dns('a*.example')], false],
    ['a.b.example', [dns('a.*.example')], false],
    ['a', [dns('*')], false],
    ['.example', [dns('*.example')], false],
    ['a_b.example', [dns('*.example')], true],
    ['a b', [dns('a b')], true],
    ['a b.example', [dns('*.example')], false],
    ['\u212a.example', [dns('k.example')], false],
    ['', [dns('')], false],
    ['leaf', [dns('a.example')], false],
    ['leaf', [], false],
    ['192.0.2.1', [ip('c0000201')], true],
    ['192.0.2.1', [dns('192.0.2.1')], false],
    ['192.0.2.1', [ip('c0000202')], false],
    ['192.0.2.1', [ip('00000000000000000000ffffc0000201')], true],
    ['::ffff:192.0.2.1', [ip('c0000201')], true],
    ['2001:DB8:0::1', [ip('20010db8000000000000000000000001')], true],
    ['a.example', [uri('https://a.example'), email('a@a.example')], false],
  ])('is good for %j, or is not', (host, names, isGood) => {
    const values = { [SUBJECT_ALT_NAME]: names.length === 0 ? undefined : encodeSequence(...names) };
    expect(rulesOf(validateChain({ leaf: { values }, options: { host } }))).toEqual(isGood ? [] : ['host']);
  });
});
