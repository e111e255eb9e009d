/**
 * What sshd takes the arguments of a keyword for, in the spelling that `sshd -T` prints, so that a file and what runs have
 * one leaf. Where sshd_config(5) calls a spelling deprecated, it is the other one: `prohibit-password`.
 */
import { fault, joined, type Line } from './words.ts';

/** Makes the value of a line. Refuses `malformed-text` for what sshd refuses. */
export type ValueOf = (line: Line) => string;

function oneOf({ words, where, keyword }: Line): string {
  const [word, ...more] = words;
  if (word === undefined || word === '') throw fault(where, `${keyword} needs an argument`);
  if (more.length > 0)
    throw fault(where, `${keyword} takes one argument; put it in double quotes if it has blanks`);
  return word;
}

/** One word as it stands; `none` in any case is `none`. */
export const text: ValueOf = (line) => {
  const word = oneOf(line);
  return /^none$/i.test(word) ? 'none' : word;
};

/** Words of a closed list, in any case. A word that stands for another is written `word=other`. */
export function choice(...choices: readonly string[]): ValueOf {
  const known = new Map(
    choices.map((each) => {
      const [word = '', other = word] = each.split('=');
      return [word.toLowerCase(), other] as const;
    }),
  );
  return (line) => {
    const value = known.get(oneOf(line).toLowerCase());
    if (value !== undefined) return value;
    throw fault(line.where, `${line.keyword} is one of ${[...new Set(known.values())].join(', ')}`);
  };
}

export const flag = choice('yes', 'no');

export const whole: ValueOf = (line) => digits(oneOf(line), line);

function digits(word: string, { where, keyword }: Line): string {
  if (/^[0-9]{1,9}$/.test(word)) return String(Number(word));
  throw fault(where, `${keyword} takes a whole number in decimal digits`);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** A time of sshd_config(5), "TIME FORMATS", in seconds: `1h30m` is 5400. */
export function seconds(word: string, { where, keyword }: Line): string {
  const parts = /^(?:[0-9]{1,9}[smhdw])*[0-9]{0,9}$/i.test(word) ? word.match(/[0-9]+[smhdw]?/gi) : null;
  const sum = parts?.reduce((all, part) => {
    const unit = part.replace(/^[0-9]+/, '').toLowerCase();
    return all + Number.parseInt(part, 10) * (UNITS[unit] ?? Infinity);
  }, 0);
  if (sum !== undefined && sum < 2 ** 31) return String(sum);
  throw fault(where, `${keyword} takes a time, such as 120 or 2m`);
}

export const time: ValueOf = (line) => seconds(oneOf(line), line);

/** A time or `none`, as which 0 counts. */
export const timeOrNone: ValueOf = (line) => {
  const word = oneOf(line);
  const value = /^none$/i.test(word) ? '0' : seconds(word, line);
  return value === '0' ? 'none' : value;
};

/** All words, in one spelling. */
export const words: ValueOf = (line) => {
  if (line.words.length === 0 || line.words.includes(''))
    throw fault(line.where, `${line.keyword} needs arguments, none of them empty`);
  return joined(line.words);
};

/** Words of which `none` and `any` stand alone. */
export const wordsOrNone: ValueOf = (line) => {
  if (line.words.length > 1 && line.words.some((word) => /^(?:none|any)$/i.test(word)))
    throw fault(line.where, `none and any stand alone in ${line.keyword}`);
  return words(line).replace(/^none$/i, 'none');
};

/** Lists of methods, each of which has to succeed. */
export const methods: ValueOf = (line) => {
  const wrong = line.words.find((word) => !METHODS.test(word));
  if (wrong === undefined) return wordsOrNone(line);
  throw fault(line.where, 'AuthenticationMethods takes lists of methods, such as publickey,password, or any');
};
const METHOD =
  '(?:none|publickey|gssapi-with-mic|gssapi-keyex|password|keyboard-interactive|hostbased)(?::[a-z0-9-]+)?';
const METHODS = new RegExp(`^(?:any|${METHOD}(?:,${METHOD})*)$`);

/** Hosts with a port, `any` or `none`. */
export const opens: ValueOf = (line) => {
  if (line.words.every((word) => /^(?:any|none|.+:(?:[0-9]{1,5}|\*))$/.test(word))) return wordsOrNone(line);
  throw fault(line.where, `${line.keyword} takes hosts with a port, such as host:22, any or none`);
};

/** The rest of the line as it stands: quotes and # belong to it. */
export const raw: ValueOf = ({ rest }) => (/^none$/i.test(rest) ? 'none' : rest);

/** A command: the rest of the line, with an absolute path, or `none`. */
export const command: ValueOf = (line) => {
  if (line.rest.startsWith('/') || /^none$/i.test(line.rest)) return raw(line);
  throw fault(line.where, `${line.keyword} takes the absolute path of a program, without quotes, or none`);
};

export const port: ValueOf = (line) => {
  const value = whole(line);
  if (Number(value) >= 1 && Number(value) <= 65_535) return value;
  throw fault(line.where, 'a port is between 1 and 65535');
};

/** `[address]:port`, `host:port`, an address or a host; and `rdomain NAME`. */
export const listenAddress: ValueOf = (line) => {
  const { words: all, where } = line;
  const [address = '', domain, name] = all;
  if (address === '' || all.length > 3 || (all.length > 1 && (domain !== 'rdomain' || name === undefined)))
    throw fault(where, 'ListenAddress takes an address, maybe with a port, and maybe rdomain and its name');
  return joined(all);
};

/** `start:rate:full`; a single number is refused to all beyond it. */
export const maxStartups: ValueOf = (line) => {
  const [, start = '', rate = '30', full = start] =
    /^([0-9]{1,9})(?::([0-9]{1,9}):([0-9]{1,9}))?$/.exec(oneOf(line)) ?? [];
  const [from, share, to] = [start, rate, full].map(Number);
  if (
    from === undefined ||
    share === undefined ||
    to === undefined ||
    from < 1 ||
    to < from ||
    share < 1 ||
    share > 100
  )
    throw fault(line.where, 'MaxStartups takes start:rate:full, such as 10:30:100, or one number');
  return `${from}:${share}:${to}`;
};

export const netBlockSize: ValueOf = (line) => {
  const [, four = '', six = ''] = /^([0-9]{1,3}):([0-9]{1,3})$/.exec(oneOf(line)) ?? [];
  if (four === '' || Number(four) > 32 || Number(six) > 128)
    throw fault(
      line.where,
      'PerSourceNetBlockSize takes bits of IPv4 and of IPv6, such as 32:128; where one is missing, versions of sshd take another',
    );
  return `${Number(four)}:${Number(six)}`;
};

/** A list of algorithms, with what it does to the default before it. */
export const algorithms: ValueOf = (line) => {
  const word = oneOf(line);
  if (/^[-+^]?[\w@.*?!-]+(?:,[\w@.*?!-]+)*$/.test(word)) return word;
  throw fault(line.where, `${line.keyword} takes names of algorithms with commas between them`);
};

/** Names of variables, and patterns. */
export const variables: ValueOf = (line) => {
  const wrong = line.words.find((word) => word.includes('='));
  if (wrong === undefined) return words(line);
  throw fault(line.where, `${line.keyword} takes names of variables, without =`);
};

export const wholeOrNone: ValueOf = (line) => (oneOf(line) === 'none' ? 'none' : whole(line));

const SCALES = 'bkmgtpe';

/** Bytes, and seconds: `1G 1h` is `1073741824 3600`; `default none` is `0 0`. */
export const rekeyLimit: ValueOf = (line) => {
  const [size = '', span = 'none', ...more] = line.words;
  const [, count = '', scale = 'b'] = /^([0-9]{1,15})([bkmgtpe])?$/i.exec(size) ?? [];
  if (more.length > 0 || (count === '' && size !== 'default'))
    throw fault(line.where, 'RekeyLimit takes bytes, such as 1G, and maybe a time, such as 1h');
  const bytes =
    size === 'default' ? 0n : BigInt(count) << (10n * BigInt(SCALES.indexOf(scale.toLowerCase())));
  if ((bytes > 0n && bytes < 16n) || bytes >= 2n ** 63n)
    throw fault(line.where, 'RekeyLimit is out of bounds');
  return `${bytes} ${span === 'none' ? '0' : seconds(span, line)}`;
};

export const octal: ValueOf = (line) => {
  const word = oneOf(line);
  if (!/^[0-7]{1,6}$/.test(word) || Number.parseInt(word, 8) > 0o777)
    throw fault(line.where, `${line.keyword} takes an octal number up to 0777`);
  return `0${Number.parseInt(word, 8).toString(8)}`;
};

/** `yes`, `no`, or a pattern. */
export const userEnvironment: ValueOf = oneOf;

export const keyOptions: ValueOf = (line) => {
  const asked = new Set(line.words.map((word) => word.toLowerCase()));
  const known = ['touch-required', 'verify-required'];
  const [wrong] = [...asked].filter((word) => word !== 'none' && !known.includes(word));
  if (wrong !== undefined || asked.size === 0)
    throw fault(line.where, `${line.keyword} is of none, ${known.join(', ')}`);
  return known.filter((word) => asked.has(word)).join(' ') || 'none';
};

/** Words of PermitListen; a port alone is one of any host. */
export const listens: ValueOf = (line) =>
  opens({ ...line, words: line.words.map((word) => (/^[0-9]+$/.test(word) ? `*:${word}` : word)) });

export const environment: ValueOf = (line) => {
  const names = line.words.map((word) => word.slice(0, word.indexOf('=')));
  if (names.some((name, i) => name === '' || !line.words[i]?.includes('=')))
    throw fault(line.where, 'SetEnv takes NAME=value');
  if (new Set(names).size < names.length)
    throw fault(line.where, 'SetEnv names a variable twice, of which sshd takes the first; keep one');
  return words(line);
};

/** Classes of service by their names of iptos2str (misc.c); others in hexadecimal. */
const CLASSES: ReadonlyMap<string, number> = new Map([
  ...[1, 2, 3, 4].flatMap((i) => [1, 2, 3].map((j) => [`af${i}${j}`, (i << 5) + (j << 3)] as const)),
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => [`cs${i}`, i << 5] as const),
  ['ef', 0xb8],
  ['le', 0x04],
  ['va', 0xb0],
  ['lowdelay', 0x10],
  ['throughput', 0x08],
  ['reliability', 0x04],
]);

/** For sessions, and for others; one word stands for both. */
export const qualities: ValueOf = (line) => {
  const [first = '', second = first, ...more] = line.words.map((word) => word.toLowerCase());
  if (first === '' || more.length > 0) throw fault(line.where, 'IPQoS takes one class, or two');
  return [first, second]
    .map((word) => {
      if (word === 'none') return word;
      const code =
        CLASSES.get(word) ?? (/^(?:0x[0-9a-f]{1,2}|[1-9][0-9]{0,2}|0)$/.test(word) ? Number(word) : 256);
      if (code > 255)
        throw fault(line.where, 'IPQoS takes a class such as af21, cs0, ef, none, or a number up to 255');
      const named = [...CLASSES].find(([, each]) => each === code);
      return named?.[0] ?? `0x${code.toString(16).padStart(2, '0')}`;
    })
    .join(' ');
};
