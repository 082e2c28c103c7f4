using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Degradations;

/// <summary>Normal noise whose three channels are correlated in a randomly drawn way (BSRGAN's third kind of noise).</summary>
internal sealed class ColourCovariance
{
    private const int Rotations = 32;

    // Lower triangle of the Cholesky factor: r = L00 a, g = L10 a + L11 b, b = L20 a + L21 b + L22 c.
    private readonly double[,] _factor = new double[3, 3];

    private ColourCovariance(double[,] covariance)
    {
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var rest = covariance[i, j];
                for (var k = 0; k < j; k++)
                {
                    rest -= _factor[i, k] * _factor[j, k];
                }

                // Rounding may leave a rank-deficient matrix a touch below zero.
                _factor[i, j] =
                    i == j ? Math.Sqrt(Math.Max(0, rest))
                    : _factor[j, j] > 0 ? rest / _factor[j, j]
                    : 0;
            }
        }
    }

    /// <summary>Draws level^2 |U^T diag(d) U| with d uniform in [0, 1) and U the left singular vectors of a uniform 3x3 matrix.</summary>
    public static ColourCovariance Draw(double level, RandomStream random)
    {
        var d = new[] { random.Uniform(), random.Uniform(), random.Uniform() };
        var basis = LeftSingularVectors(random);
        var covariance = new double[3, 3];
        for (var i = 0; i < 9; i++)
        {
            var (row, column) = Math.DivRem(i, 3);
            var sum = 0.0;
            for (var k = 0; k < 3; k++)
            {
                sum += basis[k, row] * d[k] * basis[k, column];
            }

            covariance[row, column] = Math.Abs(level * level * sum);
        }

        return new ColourCovariance(covariance);
    }

    /// <summary>One pixel's noise.</summary>
    public (double R, double G, double B) Next(RandomStream random)
    {
        var (a, b, c) = (random.Normal(), random.Normal(), random.Normal());
        return (
            _factor[0, 0] * a,
            _factor[1, 0] * a + _factor[1, 1] * b,
            _factor[2, 0] * a + _factor[2, 1] * b + _factor[2, 2] * c
        );
    }

    // Eigenvectors of A A^T by Jacobi rotations; their order and signs do not matter to the covariance's distribution.
    private static double[,] LeftSingularVectors(RandomStream random)
    {
        var a = new double[3, 3];
        for (var i = 0; i < 9; i++)
        {
            a[i / 3, i % 3] = random.Uniform();
        }

        var s = new double[3, 3];
        var vectors = new double[3, 3];
        for (var i = 0; i < 3; i++)
        {
            vectors[i, i] = 1;
            for (var j = 0; j < 3; j++)
            {
                s[i, j] = a[i, 0] * a[j, 0] + a[i, 1] * a[j, 1] + a[i, 2] * a[j, 2];
            }
        }

        for (var n = 0; n < Rotations; n++)
        {
            var (p, q) = (n % 3) switch
            {
                0 => (0, 1),
                1 => (0, 2),
                _ => (1, 2),
            };
            Rotate(s, vectors, p, q);
        }

        return vectors;
    }

    private static void Rotate(double[,] s, double[,] vectors, int p, int q)
    {
        var angle = 0.5 * Math.Atan2(2 * s[p, q], s[q, q] - s[p, p]);
        var (sine, cosine) = Math.SinCos(angle);
        for (var k = 0; k < 3; k++)
        {
            (s[k, p], s[k, q]) = (cosine * s[k, p] - sine * s[k, q], sine * s[k, p] + cosine * s[k, q]);
            (vectors[k, p], vectors[k, q]) = (
                cosine * vectors[k, p] - sine * vectors[k, q],
                sine * vectors[k, p] + cosine * vectors[k, q]
            );
        }

        for (var k = 0; k < 3; k++)
        {
            (s[p, k], s[q, k]) = (cosine * s[p, k] - sine * s[q, k], sine * s[p, k] + cosine * s[q, k]);
        }
    }
}
