/** The same keys with other text: what every language must be, checked by the compiler and by a test. */
export type Translation<T> = { [K in keyof T]: T[K] extends string ? string : Translation<T[K]> };
