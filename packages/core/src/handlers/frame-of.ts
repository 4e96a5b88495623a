import type { CurrentClientFrame } from '@parley/protocol';

/** A frame of the current protocol by its type. */
export type FrameOf<Type extends CurrentClientFrame['type']> = Extract<CurrentClientFrame, { readonly type: Type }>;
