/** Controls that several packs support. What a claim supports, it does not fulfil alone. */
export const TRANSMISSION = [
  { framework: 'SOC2-2017', id: 'CC6.7' },
  { framework: 'HIPAA-164.312', id: '(e)(1)' },
];
