/** Three truth values. `maybe` stands for what is unknown, and never counts as allowed. */

export type Truth = 'yes' | 'no' | 'maybe';

export function truth(holds: boolean): Truth {
  return holds ? 'yes' : 'no';
}

export function not(a: Truth): Truth {
  if (a === 'maybe') return a;
  return a === 'yes' ? 'no' : 'yes';
}

export function every(all: readonly Truth[]): Truth {
  if (all.includes('no')) return 'no';
  return all.includes('maybe') ? 'maybe' : 'yes';
}

export function some(any: readonly Truth[]): Truth {
  if (any.includes('yes')) return 'yes';
  return any.includes('maybe') ? 'maybe' : 'no';
}
