"""CUDA sources of the generator's kernels: raw words, uniform, normal, gamma and binomial variates, one thread a quadruple of words.

Thread i draws for block ``block + i / count``; what it draws depends on its own counter alone, so several blocks may share a launch, and nothing
comes back to the host in between. The array operations of `theorylab.device.generator` do the same and are what these are tested against.
"""

from __future__ import annotations

__all__ = ["GENERATOR_SOURCE"]

GENERATOR_SOURCE = r"""
typedef unsigned long long word;

struct quadruple { word a, b, c, d; };

static __device__ quadruple philox(word key0, word key1, word c0, word c1, word c2, word c3)
{
    for (int round = 0; round < 10; ++round) {
        word high0 = __umul64hi(0xD2E7470EE14C6C93ULL, c0), low0 = 0xD2E7470EE14C6C93ULL * c0;
        word high1 = __umul64hi(0xCA5A826395121157ULL, c2), low1 = 0xCA5A826395121157ULL * c2;
        c0 = high1 ^ c1 ^ key0;
        c1 = low1;
        c2 = high0 ^ c3 ^ key1;
        c3 = low0;
        key0 += 0x9E3779B97F4A7C15ULL;
        key1 += 0xBB67AE8584CAA73BULL;
    }
    quadruple drawn = {c0, c1, c2, c3};
    return drawn;
}

// On [0, 1), with 53 bits.
static __device__ double uniform(word drawn) { return (double)(drawn >> 11) * 1.1102230246251565e-16; }

// Box and Muller; 1 - u lies in (0, 1], so the logarithm is finite.
static __device__ void normal_pair(word first, word second, double* left, double* right)
{
    double radius = sqrt(-2.0 * log(1.0 - uniform(first))), sine, cosine;
    sincospi(2.0 * uniform(second), &sine, &cosine);
    *left = radius * cosine;
    *right = radius * sine;
}

extern "C" __global__ void words(word key0, word key1, word block, word blocks, word first, word count, word* drawn)
{
    word i = (word)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= blocks * count) return;
    quadruple four = philox(key0, key1, first + i % count + 1, 0, 0, block + i / count);
    drawn[4 * i] = four.a;
    drawn[4 * i + 1] = four.b;
    drawn[4 * i + 2] = four.c;
    drawn[4 * i + 3] = four.d;
}

// Values of one block lie together; its last quadruple may be used in part.
static __device__ void keep(double* values, word length, word i, word count, double a, double b, double c, double d)
{
    word place = 4 * (i % count);
    double* own = values + length * (i / count);
    if (place < length) own[place] = a;
    if (place + 1 < length) own[place + 1] = b;
    if (place + 2 < length) own[place + 2] = c;
    if (place + 3 < length) own[place + 3] = d;
}

extern "C" __global__ void uniforms(word key0, word key1, word block, word blocks, word first, word count, word length, double* values)
{
    word i = (word)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= blocks * count) return;
    quadruple four = philox(key0, key1, first + i % count + 1, 0, 0, block + i / count);
    keep(values, length, i, count, uniform(four.a), uniform(four.b), uniform(four.c), uniform(four.d));
}

extern "C" __global__ void normals(word key0, word key1, word block, word blocks, word first, word count, word length, double* values)
{
    word i = (word)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= blocks * count) return;
    quadruple four = philox(key0, key1, first + i % count + 1, 0, 0, block + i / count);
    double a, b, c, d;
    normal_pair(four.a, four.b, &a, &b);
    normal_pair(four.c, four.d, &c, &d);
    keep(values, length, i, count, a, b, c, d);
}

// Marsaglia and Tsang (2000), one quadruple an attempt: two words make a normal, one decides; the last of the first attempt lifts a shape below 1.
// A shape that is not finite and > 0, or no acceptance in `attempts`, gives NaN, which no block survives.
extern "C" __global__ void gammas(word key0, word key1, word block, word blocks, word first, word count, const double* shapes, word period,
                                  word attempts, double* values)
{
    word i = (word)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= blocks * count) return;
    double shape = shapes[i % period], value = nan("");
    if (shape > 0.0 && shape <= 1.7976931348623157e308) {
        double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0, spread = 1.0 / sqrt(9.0 * d), lift = 1.0;
        for (word attempt = 0; attempt < attempts; ++attempt) {
            quadruple four = philox(key0, key1, first + i % count + 1, attempt, 0, block + i / count);
            double x, unused, u = 1.0 - uniform(four.c);
            normal_pair(four.a, four.b, &x, &unused);
            if (attempt == 0 && shape < 1.0) lift = pow(1.0 - uniform(four.d), 1.0 / shape);
            double v = 1.0 + spread * x;
            v = v * v * v;
            if (v > 0.0 && log(u) < 0.5 * x * x + d * (1.0 - v + log(v))) {
                value = d * v * lift;
                break;
            }
        }
    }
    values[i] = value;
}

// log k! less Stirling's (k + 1/2) log(k + 1) - (k + 1) + log(2 pi)/2.
static __device__ double stirling_rest(double k)
{
    const double least[10] = {0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.02079067210376509, 0.01664469118982119,
                              0.01387612882307075, 0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.008330563433362871};
    if (k < 10.0) return least[(int)k];
    double inverse = 1.0 / (k + 1.0), square = inverse * inverse;
    return (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - square / 1680.0) * square) * square) * inverse;
}

// Below a mean of 10 by inversion from 0, above it by Hoermann's transformed rejection with squeeze, BTRS (1993): one quadruple an attempt, two of
// its words used. A probability beyond 1/2 counts failures. With more than 2^40 trials rounding would show in the acceptance. Arguments that are
// none, or no acceptance in `attempts`, give the lowest of all integers.
extern "C" __global__ void binomials(word key0, word key1, word block, word blocks, word first, word count, const double* trials,
                                     word trials_period, const double* probabilities, word period, word attempts, long long* values)
{
    word i = (word)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= blocks * count) return;
    double n = trials[i % trials_period], given = probabilities[i % period], p = given > 0.5 ? 1.0 - given : given;
    long long value = -9223372036854775807LL - 1;
    if (n >= 0.0 && n <= 1099511627776.0 && n == floor(n) && given >= 0.0 && given <= 1.0) {
        double mean = n * p, q = 1.0 - p, odds = p / q, found = mean > 0.0 ? -1.0 : 0.0;
        if (mean > 0.0 && mean < 10.0) {
            double none = exp(n * log1p(-p)), bound = floor(mean + 12.0 * sqrt(mean * q + 1.0));
            if (bound > n) bound = n;
            for (word attempt = 0; attempt < attempts && found < 0.0; ++attempt) {
                double u = uniform(philox(key0, key1, first + i % count + 1, attempt, 0, block + i / count).a), k = 0.0, chance = none;
                while (k <= bound && u >= chance) {
                    u -= chance;
                    k += 1.0;
                    chance *= (n - k + 1.0) / k * odds;
                }
                if (k <= bound) found = k;
            }
        } else if (mean > 0.0) {
            double mode = floor((n + 1.0) * p), root = sqrt(mean * q), b = 1.15 + 2.53 * root, a = -0.0873 + 0.0248 * b + 0.01 * p;
            double alpha = (2.83 + 5.1 / b) * root, squeeze = 0.92 - 4.2 / b;
            double top = (mode + 0.5) * log((mode + 1.0) / (odds * (n - mode + 1.0))) + stirling_rest(mode) + stirling_rest(n - mode);
            for (word attempt = 0; attempt < attempts && found < 0.0; ++attempt) {
                quadruple four = philox(key0, key1, first + i % count + 1, attempt, 0, block + i / count);
                double v = 1.0 - uniform(four.a), u = uniform(four.b) - 0.5, inside = 0.5 - fabs(u);
                // On the edge itself, u = -1/2, everything is infinite.
                double k = inside > 0.0 ? floor((2.0 * a / inside + b) * u + mean + 0.5) : -1.0;
                if (k < 0.0 || k > n) continue;
                if (inside >= 0.07 && v <= squeeze) {
                    found = k;
                    break;
                }
                double room = top + (n + 1.0) * log1p((k - mode) / (n - k + 1.0)) + (k + 0.5) * log(odds * (n - k + 1.0) / (k + 1.0));
                if (log(v * alpha / (a / (inside * inside) + b)) <= room - stirling_rest(k) - stirling_rest(n - k)) found = k;
            }
        }
        if (found >= 0.0) value = (long long)(given > 0.5 ? n - found : found);
    }
    values[i] = value;
}
"""
