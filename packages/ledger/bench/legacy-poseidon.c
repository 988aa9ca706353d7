/* The legacy Poseidon as one would write it in C: four words of 64 bits, Montgomery form, loops.
 *
 * A yardstick for the WebAssembly, and no part of the package. parameters.h is written by
 * c-permutation.js: MODULUS, INVERSE (-1/p mod 2^64), MATRIX and CONSTANTS in Montgomery form.
 *
 * legacy-poseidon COUNT: permutes the state (START) that often and prints the nanoseconds it took
 * and the three elements, still in Montgomery form, highest word first.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parameters.h"

#define WORDS 4

typedef uint64_t element[WORDS];
typedef unsigned __int128 wide;

/* r -= p if r >= p; both are below 2p, which is below 2^256. */
static void reduce(element r) {
  element less;
  uint64_t borrow = 0;
  for (int i = 0; i < WORDS; i++) {
    wide difference = (wide)r[i] - MODULUS[i] - borrow;
    less[i] = (uint64_t)difference;
    borrow = (uint64_t)(difference >> 64) & 1;
  }
  if (!borrow) memcpy(r, less, sizeof(element));
}

static void add(element r, const element a, const element b) {
  uint64_t carry = 0;
  for (int i = 0; i < WORDS; i++) {
    wide sum = (wide)a[i] + b[i] + carry;
    r[i] = (uint64_t)sum;
    carry = (uint64_t)(sum >> 64);
  }
  reduce(r);
}

/* a * b / 2^256 mod p, word by word. */
static void multiply(element r, const element a, const element b) {
  uint64_t t[WORDS + 1] = {0};
  for (int i = 0; i < WORDS; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < WORDS; j++) {
      wide product = (wide)a[j] * b[i] + t[j] + carry;
      t[j] = (uint64_t)product;
      carry = (uint64_t)(product >> 64);
    }
    t[WORDS] += carry;
    uint64_t m = t[0] * INVERSE;
    carry = (uint64_t)(((wide)m * MODULUS[0] + t[0]) >> 64);
    for (int j = 1; j < WORDS; j++) {
      wide product = (wide)m * MODULUS[j] + t[j] + carry;
      t[j - 1] = (uint64_t)product;
      carry = (uint64_t)(product >> 64);
    }
    wide sum = (wide)t[WORDS] + carry;
    t[WORDS - 1] = (uint64_t)sum;
    t[WORDS] = (uint64_t)(sum >> 64);
  }
  memcpy(r, t, sizeof(element));
  reduce(r);
}

static void fifth_power(element x) {
  element square, fourth;
  multiply(square, x, x);
  multiply(fourth, square, square);
  multiply(x, fourth, x);
}

static void permute(element state[3]) {
  for (int i = 0; i < 3; i++) add(state[i], state[i], CONSTANTS[0][i]);
  for (int round = 1; round < ROWS; round++) {
    element next[3];
    for (int i = 0; i < 3; i++) fifth_power(state[i]);
    for (int i = 0; i < 3; i++) {
      memcpy(next[i], CONSTANTS[round][i], sizeof(element));
      for (int j = 0; j < 3; j++) {
        element product;
        multiply(product, MATRIX[i][j], state[j]);
        add(next[i], next[i], product);
      }
    }
    memcpy(state, next, sizeof(next));
  }
}

int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 1;
  element state[3];
  memcpy(state, START, sizeof(state));
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (long i = 0; i < count; i++) permute(state);
  clock_gettime(CLOCK_MONOTONIC, &to);
  printf("%lld", (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec));
  for (int i = 0; i < 3; i++) {
    printf(" ");
    for (int j = WORDS - 1; j >= 0; j--) printf("%016" PRIx64, state[i][j]);
  }
  printf("\n");
  return 0;
}
