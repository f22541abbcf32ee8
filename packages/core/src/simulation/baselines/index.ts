export { easyCallCenter365 } from './easycallcenter365.ts';
export { fixedRatio } from './fixed-ratio.ts';
export { issabel } from './issabel.ts';
export { omnidialer } from './omnidialer.ts';
export { vicidial } from './vicidial.ts';
