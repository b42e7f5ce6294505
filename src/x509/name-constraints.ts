import {
  type DerElement,
  DerError,
  DerFields,
  explicitTag,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from './der.ts';
import { EXTENSION_OIDS } from './extensions.ts';
import { attributeValues, type Certificate, type Extension } from './model.ts';
import { type IsWithin, NAME_FORMS, NAME_FORMS_IN_GO } from './name-forms.ts';
import { isSelfIssued, nameOf, type PathProblem } from './path-rules.ts';

export const NAME_CONSTRAINTS_OID = '2.5.29.30';

const EMAIL_ADDRESS_OID = '1.2.840.113549.1.9.1';

/** By the tag of the names' form. A form without an entry is free; one that is not understood has no comparisons. */
type Subtrees = ReadonlyMap<number, readonly IsWithin[]>;

const TOO_MANY = 'more names than can be judged';

interface NameConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
  readonly hasLeadingDot: boolean;
}

/** A name of a certificate, ready to be compared, or why it cannot be. */
type SubjectName = { readonly tag: number; readonly shown: string } & (
  | { readonly text: string }
  | { readonly error: string }
);

// One CA stands in many paths, and one certificate in many more.
const CONSTRAINTS = new WeakMap<Extension, NameConstraints>();
const NAMES = new WeakMap<Certificate, readonly SubjectName[]>();

/**
 * Checks the names of every certificate of a path, the leaf first, against the constraints of every CA above it (RFC 5280
 * 4.2.1.10, 6.1.3 (b) (c), 6.1.4 (g)), whether anybody asks for those names or not. Of each pair one name that is outside
 * is told.
 *
 * @param mayCompare Asked before each name, with how many constraints it is about to be held against.
 */
export function checkNameConstraints(
  path: readonly Certificate[],
  mayCompare: (comparisons: number) => boolean,
): readonly PathProblem[] {
  return path.flatMap((ca, height) => {
    const extension = ca.extensions.find(({ oid }) => oid === NAME_CONSTRAINTS_OID);
    if (extension === undefined) return [];
    try {
      const constraints = constraintsOf(extension);
      return [
        ...checkForm(ca, extension, constraints),
        ...path.slice(0, height).flatMap((certificate, depth): readonly PathProblem[] => {
          const breach = breachOf(namesOf(certificate), constraints, mayCompare);
          if (breach === undefined) return [];
          // They are not to hinder key rollover (RFC 5280 4.2.1.10). Go makes no such exception.
          const isExempt = depth > 0 && isSelfIssued(certificate);
          const rule = isExempt ? 'name-constraints-in-go' : 'name-constraints';
          const message = `${nameOf(certificate)} has ${breach} by the name constraints of ${nameOf(ca)}`;
          return [{ rule: breach === TOO_MANY ? 'limit' : rule, certificate, message }];
        }),
      ];
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      const message = `${nameOf(ca)} has name constraints that cannot be read: ${error.message}`;
      return [{ rule: 'name-constraints', certificate: ca, message }];
    }
  });
}

function checkForm(
  certificate: Certificate,
  { critical }: Extension,
  { permitted, excluded, hasLeadingDot }: NameConstraints,
): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  const name = nameOf(certificate);
  if (hasLeadingDot) {
    const message = `${name} has a constraint on DNS names that begins with a dot`;
    problems.push({ rule: 'name-constraints-form', certificate, message });
  }
  if (critical && [...permitted.keys(), ...excluded.keys()].some((tag) => !NAME_FORMS_IN_GO.has(tag))) {
    const message = `${name} has critical name constraints on names of a form that Go does not know`;
    problems.push({ rule: 'critical-in-go', certificate, message });
  }
  return problems;
}

/** The first name that is outside and what speaks against it, in words; {@link TOO_MANY} where that may not be found out. */
function breachOf(
  names: readonly SubjectName[],
  { permitted, excluded }: NameConstraints,
  mayCompare: (comparisons: number) => boolean,
): string | undefined {
  for (const name of names) {
    const within = permitted.get(name.tag);
    const without = excluded.get(name.tag);
    if (within === undefined && without === undefined) continue;
    if ('error' in name) return `a ${name.shown} that cannot be judged (${name.error})`;
    if (!mayCompare((within?.length ?? 0) + (without?.length ?? 0))) return TOO_MANY;
    if (without?.some((isWithin) => isWithin(name.text))) return `the ${name.shown} excluded`;
    if (within?.some((isWithin) => isWithin(name.text)) === false) return `the ${name.shown} not permitted`;
  }
  return undefined;
}

function constraintsOf(extension: Extension): NameConstraints {
  const known = CONSTRAINTS.get(extension);
  if (known !== undefined) return known;
  const fields = new DerFields(parseDer(extension.der));
  const permitted = basesOf(fields.optional(explicitTag(0)));
  const excluded = basesOf(fields.optional(explicitTag(1)));
  fields.end();
  if (permitted.length + excluded.length === 0) throw new DerError('there are none');
  const constraints = {
    permitted: subtreesOf(permitted, false),
    excluded: subtreesOf(excluded, true),
    hasLeadingDot: [...permitted, ...excluded].some(
      ({ tag, content }) => tag === implicitTag(2) && content[0] === 0x2e,
    ),
  };
  CONSTRAINTS.set(extension, constraints);
  return constraints;
}

/** The base of each GeneralSubtree. `minimum` must be its default, and `maximum` absent (RFC 5280 4.2.1.10). */
function basesOf(subtrees: DerElement | undefined): readonly DerElement[] {
  if (subtrees === undefined) return [];
  return parseDerElements(subtrees, subtrees.tag).map((subtree) => {
    const fields = new DerFields(subtree);
    const base = fields.required();
    fields.end();
    return base;
  });
}

function subtreesOf(bases: readonly DerElement[], isExcluded: boolean): Subtrees {
  const subtrees = new Map<number, IsWithin[]>();
  for (const base of bases) {
    const ofForm = subtrees.get(base.tag) ?? [];
    const form = NAME_FORMS.get(base.tag);
    if (form !== undefined) ofForm.push(form.parseBase(base, isExcluded));
    subtrees.set(base.tag, ofForm);
  }
  return subtrees;
}

function namesOf(certificate: Certificate): readonly SubjectName[] {
  const known = NAMES.get(certificate);
  if (known !== undefined) return known;
  const { subject, extensions } = certificate;
  const san = extensions.find(({ oid }) => oid === EXTENSION_OIDS.subjectAltName);
  const names = [
    ...(subject.attributes.length === 0 ? [] : [generalName(explicitTag(4), subject.der)]),
    ...(san === undefined
      ? attributeValues(subject, EMAIL_ADDRESS_OID).map((text) =>
          generalName(implicitTag(1), Buffer.from(text)),
        )
      : parseDerElements(parseDer(san.der), TAG.sequence)),
  ].map(subjectName);
  NAMES.set(certificate, names);
  return names;
}

function generalName(tag: number, content: Uint8Array): DerElement {
  return { tag, content, der: content };
}

function subjectName(name: DerElement): SubjectName {
  const { tag } = name;
  const form = NAME_FORMS.get(tag);
  if (form === undefined) return { tag, shown: 'name', error: 'its form is not known here' };
  try {
    const text = form.parseName(name);
    return { tag, text, shown: `${form.says} ${form.show?.(name) ?? text.trim()}` };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return { tag, shown: form.says, error: error.message };
  }
}
