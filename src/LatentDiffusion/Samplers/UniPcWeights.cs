namespace LatentDiffusion.Samplers;

/// <summary>The weights of UniPC's differences (Zhao et al. 2023, equation 5, with B(h) = exp(h) - 1).</summary>
internal static class UniPcWeights
{
    /// <summary>Solves the order conditions: the weighted sum of place^(k-1) is k! (-h) phi_(k+1)(-h) / B(-h), for k = 1, 2, ...</summary>
    /// <param name="places">The places in units of the step: negative for earlier predictions, 1 for the step's end.</param>
    /// <param name="h">The step in the log-SNR.</param>
    public static double[] Solve(double[] places, double h)
    {
        // The authors' choice for one difference, right to the order that counts.
        if (places.Length == 1)
        {
            return [0.5];
        }

        var count = places.Length;
        var matrix = new double[count, count + 1];
        var (growth, phi, factorial) = (StepAlgebra.ExpMinus1(-h), StepAlgebra.ExpMinus1(-h) / -h - 1, 1.0);
        for (var k = 0; k < count; k++)
        {
            for (var i = 0; i < count; i++)
            {
                matrix[k, i] = Math.Pow(places[i], k);
            }

            matrix[k, count] = phi * factorial / growth;
            factorial *= k + 2;
            phi = phi / -h - 1 / factorial;
        }

        return Eliminate(matrix, count);
    }

    // At most three unknowns at distinct places: no pivoting needed beyond the order they come in.
    private static double[] Eliminate(double[,] matrix, int count)
    {
        for (var pivot = 0; pivot < count; pivot++)
        {
            for (var row = 0; row < count; row++)
            {
                if (row == pivot)
                {
                    continue;
                }

                var factor = matrix[row, pivot] / matrix[pivot, pivot];
                for (var column = pivot; column <= count; column++)
                {
                    matrix[row, column] -= factor * matrix[pivot, column];
                }
            }
        }

        return [.. Enumerable.Range(0, count).Select(i => matrix[i, count] / matrix[i, i])];
    }
}
