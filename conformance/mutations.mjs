// Every way in which one value of the tables can be wrong, made from what stands in them.

/** Fields of rows that only people read: `npm run check:docs` fails where docs/table.md does not say the same. */
export const READ_BY_PEOPLE = Object.freeze(['id', 'purpose', 'requirements', 'because']);

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isChoice = (field) => isObject(field) && ('always' in field || 'kubeadm' in field);

/** The values of a field: of a choice one for each profile and era. `way` leads to it, `where` says the same to people. */
function valuesIn(field) {
  if (!isChoice(field)) return [{ way: [], where: '', value: field }];
  return Object.entries(field).flatMap(([profile, value]) =>
    value?.eras === undefined
      ? [{ way: [profile], where: ` ${profile}`, value }]
      : value.eras.map(([since, inner], index) => ({
          way: [profile, 'eras', index, 1],
          where: ` ${profile} since ${since.split(' ')[0]}`,
          value: inner,
        })),
  );
}

/** When the eras of a field begin, but for the first, which was always there. */
function beginningsIn(field) {
  const eras = field?.kubeadm?.eras ?? [];
  return eras.slice(1).map(([since], index) => ({
    way: ['kubeadm', 'eras', index + 1, 0],
    where: ' kubeadm since',
    value: since.split(' '),
  }));
}

/** One release earlier, one later, and each backport forgotten. */
function otherBeginnings(releases) {
  return releases.flatMap((release, index) => {
    const [, before, last] = /^(.*\.)(\d+)$/.exec(release);
    const moved = [-1, 1].map((by) => releases.with(index, `${before}${Number(last) + by}`));
    return releases.length === 1 ? moved : [...moved, releases.toSpliced(index, 1)];
  });
}

/** What was done to a value, in words. */
function wordsFor(before, after) {
  if (after === undefined || after === null) return 'taken away';
  if (Array.isArray(before)) {
    const gone = before.filter((value) => !after.includes(value)).map((value) => `without ${value}`);
    const come = after.filter((value) => !before.includes(value)).map((value) => `with ${value}`);
    const moved = before.filter((value, index) => value !== after[index]);
    return [...gone, ...come].join(', ') || `${moved.join(' and ')} exchanged`;
  }
  if (!isObject(before)) return isObject(after) ? JSON.stringify(after) : String(after);
  const changed = Object.keys({ ...before, ...after }).find((key) => before[key] !== after[key]);
  return `${changed} ${wordsFor(before[changed], after[changed])}`;
}

/**
 * A field with each of its values broken, and with its eras beginning at other times.
 *
 * @param at The way to the field; `breaker` gives wrong values for a right one, `undefined` among them where the field may
 *   be absent, and gets the way within the field, too.
 */
function fieldMutations({ title, at, field, breaker, about }) {
  const mutation = ({ way, where }, what, wrong) => ({
    name: `${title}${where}: ${what}`,
    about,
    changes: [[[...at, ...way], wrong]],
  });
  return [
    ...valuesIn(field).flatMap((found) =>
      breaker(found.value, found.way).map((wrong) => mutation(found, wordsFor(found.value, wrong), wrong)),
    ),
    ...beginningsIn(field).flatMap((found) =>
      otherBeginnings(found.value).map((wrong) =>
        mutation(found, wordsFor(found.value, wrong), wrong.join(' ')),
      ),
    ),
  ];
}

const text = (value) => [`${value}-broken`];
const path = (value) => [value.replace(/(?=\.[a-z]+$)/, '-broken')];
const flipped = (value) => [!value];
const oneOf = (words) => (value) => words.filter((word) => word !== value);
const orNone = (breaker) => (value) => [undefined, ...breaker(value)];
const list = (extra) => (values) => [
  ...values.map((_, index) => values.toSpliced(index, 1)),
  [...values, extra],
];
const eachOf = (breakers) => (value) =>
  Object.entries(breakers).flatMap(([key, breaker]) =>
    breaker(value[key]).map((wrong) => ({ ...value, [key]: wrong })),
  );

/**
 * Neighbours among the addresses; DNS names are sorted, whatever their order here (kubeadm.md 1.4). kubeadm knows one address
 * of a host: what follows the others of it follows the advertised one.
 */
function exchanged(sources) {
  const addresses = sources.filter((source) => source !== 'hostname' && !source.startsWith('dns:'));
  return addresses.slice(1).map((second, index) => {
    const first = addresses[index] === 'hostAddresses' ? 'advertiseAddress' : addresses[index];
    return sources.with(sources.indexOf(first), second).with(sources.indexOf(second), first);
  });
}

/** What the fields of a row are broken into. */
function rowBreakers(row, { ROWS, USAGES }) {
  const valuesOf = (name) =>
    ROWS.flatMap((other) => (name in other ? valuesIn(other[name]) : [])).map(({ value }) => value);
  const wordOf = (name) => oneOf([...new Set(valuesOf(name))]);
  const [grant] = valuesOf('grant').filter(isObject);
  const grantFields = eachOf({ binding: text, clusterRole: text, to: oneOf(['organization', 'commonName']) });
  const casBefore = ROWS.slice(0, ROWS.indexOf(row)).filter(({ kind }) => kind === 'ca');
  const holdings = oneOf(['has', 'hasPublic', 'mayHave', 'mayHavePublic', 'never']);
  return {
    per: wordOf('per'),
    hosts: eachOf({ etcd: holdings, worker: holdings }),
    when: orNone(wordOf('when')),
    has: flipped,
    commonName: text,
    organization: list('broken'),
    usage: oneOf(Object.keys(USAGES)),
    lifetime: wordOf('lifetime'),
    signerUnderRoot: orNone(oneOf(casBefore.map(({ id }) => id))),
    pathLength: (value) => (value === null ? [0] : [null, value + 1]),
    // The order is kubeadm's; R3 knows none.
    sans: (value, [profile]) => [
      ...list('dns:broken.example')(value),
      ...(profile === 'kubeadm' ? exchanged(value) : []),
    ],
    certificate: path,
    key: path,
    publicKey: path,
    file: path,
    apart: orNone(eachOf({ certificate: path, key: path })),
    of: (value) => [...list('etcd-ca')(value), value.toReversed()],
    user: text,
    context: text,
    server: wordOf('server'),
    bootstrapped: orNone(eachOf({ cluster: text, user: text, context: text })),
    otherServer: orNone(wordOf('server')),
    mayBeAway: flipped,
    renewsItself: flipped,
    isRenewedByComponent: flipped,
    grant: (value) => (value === null ? [grant] : [null, ...grantFields(value)]),
  };
}

/** Signed by another CA, and standing behind that, as whatever is signed does. The root signs CAs alone. */
function signerMutations(row, index, { ROWS }) {
  const others = ROWS.filter(({ id, signerUnderRoot }) => signerUnderRoot !== undefined && id !== row.signer);
  return others.map(({ id: signer }) => {
    const signerPlace = ROWS.findIndex(({ id }) => id === signer);
    const place = Math.max(index, signerPlace);
    const order = ROWS.toSpliced(index, 1).toSpliced(place, 0, { ...row, signer });
    return {
      name: `${row.id} signer: ${signer}`,
      changes: order.map((each, at) => [['ROWS', at], each]),
    };
  });
}

const TAKEN = ['certificate', 'key', 'publicKey', 'file', 'commonName'];

/** What one argument is broken into; `undefined`: it is forgotten. */
function brokenArguments(argument, row, components) {
  // What an argument decides, and what comes of its absence, only audits say: those are the business of the unit tests.
  const { component, flag, takes, decides: _, without: __, ...optional } = argument;
  const fields = [...TAKEN.filter((field) => field in row), ...(row.kind === 'ca' ? ['trust'] : [])];
  const others = isObject(takes) ? [{ text: `${takes.text}-broken` }] : oneOf(fields)(takes);
  return [
    undefined,
    { ...argument, component: components[(components.indexOf(component) + 1) % components.length] },
    { ...argument, flag: `${flag}-broken` },
    ...others.map((wrong) => ({ ...argument, takes: wrong })),
    ...Object.keys(optional).map((field) => ({ ...argument, [field]: undefined })),
  ];
}

function argumentMutations(row, index, components) {
  const mutation = (name, all) => ({
    name: `${row.id} ${name}`,
    changes: [[['ROWS', index, 'arguments'], all]],
  });
  const [first] = row.arguments;
  if (first === undefined) return [];
  const broken = row.arguments.flatMap((argument, place) =>
    brokenArguments(argument, row, components).map((wrong) =>
      mutation(
        `${argument.component} ${argument.flag}: ${wordsFor(argument, wrong)}`,
        row.arguments.toSpliced(place, 1, ...(wrong === undefined ? [] : [wrong])),
      ),
    ),
  );
  const more = { ...first, flag: '--broken', requirement: undefined };
  return [...broken, mutation(`${first.component} --broken: one more`, [...row.arguments, more])];
}

/** The names by which a failure shows that it is about a row. */
function namesOf({ id, certificate, key, publicKey, file, apart, commonName, grant, arguments: own }) {
  const valuesOf = (field) => (field === undefined ? [] : valuesIn(field).map(({ value }) => value));
  const bindings = valuesOf(grant).map((value) => value?.binding);
  const paths = [certificate, key, publicKey, file, apart?.certificate, apart?.key];
  const flags = own.map(({ flag }) => flag);
  return [id, ...paths, ...valuesOf(commonName), ...bindings, ...flags].filter((name) => name !== undefined);
}

/** Never there, and nothing that it signs. */
function absence(row, { ROWS }) {
  const gone = ROWS.filter((other) => other === row || other.signer === row.id);
  return {
    name: `${row.id}: taken away`,
    changes: gone.map((each) => [['ROWS', ROWS.indexOf(each), 'has'], { always: false }]),
  };
}

/** `kind` says what the other fields are. `phase` is of the command line, which stands by itself: `commands: the words`. */
const NOT_BY_THEMSELVES = ['kind', 'phase', 'signer', 'arguments'];

function rowMutations(row, index, { tables, components }) {
  const about = namesOf(row);
  const breakers = rowBreakers(row, tables);
  const names = Object.keys(row).filter(
    (name) => !READ_BY_PEOPLE.includes(name) && !NOT_BY_THEMSELVES.includes(name),
  );
  const fields = names.flatMap((name) => {
    const breaker = breakers[name];
    if (breaker === undefined) throw new RangeError(`nothing says how ${name} of ${row.id} can be wrong`);
    return fieldMutations({
      title: `${row.id} ${name}`,
      at: ['ROWS', index, name],
      field: row[name],
      breaker,
    });
  });
  const signers = row.signer === undefined ? [] : signerMutations(row, index, tables);
  const all = [absence(row, tables), ...fields, ...signers, ...argumentMutations(row, index, components)];
  return all.map((mutation) => ({ ...mutation, about }));
}

const bits = list('dataEncipherment');
const USAGE_BREAKERS = {
  isCa: flipped,
  keyUsage: eachOf({ rsa: bits, other: bits }),
  extKeyUsage: list('codeSigning'),
};

function usageMutations([id, usage], { ROWS }) {
  const about = ROWS.filter((row) => row.usage === id).flatMap(namesOf);
  return Object.entries(usage).flatMap(([name, field]) => {
    const at = ['USAGES', id, name];
    return fieldMutations({ title: `usage ${id} ${name}`, at, field, breaker: USAGE_BREAKERS[name], about });
  });
}

function modeMutations(modes) {
  return Object.entries(modes).map(([holds, mode]) => {
    const wrong = mode ^ 0o040;
    return {
      name: `MODES ${holds}: ${wrong.toString(8)}`,
      about: ['mode'],
      changes: [[['MODES', holds], wrong]],
    };
  });
}

/** What a failure that is about a rule has of it. */
const RULES = {
  SUBJECT_KEY_IDENTIFIER: ['subjectKeyIdentifier'],
  KUBECONFIG_PREFERENCES: ['preferences', 'text'],
  KUBECONFIG_KEY_ALGORITHM: ['keyAlgorithm'],
};

function ruleMutations([title, field]) {
  const about = RULES[title];
  if (about === undefined) throw new RangeError(`nothing says what a failure is like that is about ${title}`);
  const words = [...new Set(valuesIn(field).map(({ value }) => value))];
  return fieldMutations({ title, at: [title], field, breaker: oneOf(words), about });
}

/** Which files there are, and whose names they have: what no row decides, and what decides about the rows. */
const NOT_IGNORED = ['profile', 'kubernetesVersion', 'certDir', 'kubeconfigDir', 'rootCaDir'];

/** A product that does not listen to one of its options. */
function optionMutations(options) {
  return options
    .filter(({ key }) => !NOT_IGNORED.includes(key))
    .map(({ key, name }) => ({
      name: `option ${key}: not listened to`,
      about: [name, '.crt', '.conf', '.key'],
      changes: [[['IGNORED', 0], key]],
      // Whether it changes anything is decided by what is asked for, not by the tables.
      isHere: true,
    }));
}

/**
 * All of them. Throws for a field or a table of which nobody has said how it can be wrong.
 *
 * @param tables What the modules of `dist/table` export: `ROWS`, `USAGES`, `MODES` and the rules by their names; and `IGNORED`,
 *   the options that are not listened to.
 * @returns Of each its `name`; `changes`, ways into the tables with what to put there (`undefined`: nothing); `about`, words
 *   of which a failure that is about it has one.
 */
export function mutationsOf(tables, { components, options }) {
  const { ROWS, USAGES, MODES, IGNORED: _, ...rules } = tables;
  return [
    ...ROWS.flatMap((row, index) => rowMutations(row, index, { tables, components })),
    ...Object.entries(USAGES).flatMap((usage) => usageMutations(usage, tables)),
    ...modeMutations(MODES),
    ...Object.entries(rules).flatMap(ruleMutations),
    ...optionMutations(options),
  ];
}
