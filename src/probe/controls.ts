/** Controls that several packs support. A claim supports a control; it never fulfils one alone. */
export const TRANSMISSION = [
  { framework: 'SOC2-2017', id: 'CC6.7' },
  { framework: 'HIPAA-164.312', id: '(e)(1)' },
];
