// OpenBLAS' float32 matrix product as a worker of bench_peers.py; the protocol is in sampling.py.
//
// openblas_gemm ROWS DEPTH COLUMNS THREADS SECONDS
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Numbers between -1 and 1: products of any size stay finite and normal.
static float *random_matrix(size_t count) {
  float *matrix = malloc(count * sizeof *matrix);
  if (matrix == NULL) exit(2);
  for (size_t i = 0; i < count; i++) matrix[i] = 2.0f * (float)rand() / (float)RAND_MAX - 1.0f;
  return matrix;
}

struct product {
  int m, k, n;
  const float *a, *b;
  float *c;
};

static double seconds_of(const struct product *p, long runs) {
  const double start = now();
  for (long run = 0; run < runs; run++)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, p->m, p->n, p->k, 1.0f, p->a, p->k, p->b, p->n, 0.0f,
                p->c, p->n);
  return now() - start;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "usage: openblas_gemm ROWS DEPTH COLUMNS THREADS SECONDS\n");
    return 2;
  }
  struct product p = {.m = atoi(arguments[1]), .k = atoi(arguments[2]), .n = atoi(arguments[3])};
  const int threads = atoi(arguments[4]);
  const double least = atof(arguments[5]);
  if (p.m < 1 || p.k < 1 || p.n < 1 || threads < 1) {
    fprintf(stderr, "openblas_gemm: sizes and threads must be at least 1\n");
    return 2;
  }
  p.a = random_matrix((size_t)p.m * p.k);
  p.b = random_matrix((size_t)p.k * p.n);
  p.c = random_matrix((size_t)p.m * p.n);
  openblas_set_num_threads(threads);
  seconds_of(&p, 1);
  const double once = seconds_of(&p, 1);
  const long runs = once >= least ? 1 : (long)(least / once) + 1;
  printf("{\"name\": \"%s\", \"kernel\": \"%s\", \"workCount\": %lld, \"unit\": \"multiplyAccumulates\"}\n",
         openblas_get_config(), openblas_get_corename(), (long long)p.m * p.k * p.n);
  fflush(stdout);
  for (int letter = getchar(); letter != EOF; letter = getchar()) {
    if (letter != '\n') continue;
    printf("%.9g\n", seconds_of(&p, runs) / (double)runs);
    fflush(stdout);
  }
  return 0;
}
