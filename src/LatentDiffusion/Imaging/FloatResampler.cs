namespace LatentDiffusion.Imaging;

/// <summary>How <see cref="FloatResampler"/> finds values between pixels.</summary>
public enum Interpolation
{
    /// <summary>OpenCV's <c>INTER_LINEAR</c>: two pixels per axis, no antialiasing.</summary>
    Linear,

    /// <summary>OpenCV's <c>INTER_CUBIC</c>: four pixels per axis, a = -0.75, no antialiasing.</summary>
    Cubic,

    /// <summary>OpenCV's <c>INTER_AREA</c>: the mean over the covered area; when enlarging a sharp-edged linear ramp.</summary>
    Area,

    /// <summary>MATLAB's <c>imresize</c>: a = -0.5, widened when shrinking, mirrored borders.</summary>
    MatlabCubic,
}

/// <summary>Changes the size of float images with the kernels that degradation pipelines of the literature use.</summary>
public static class FloatResampler
{
    /// <summary>Resizes; the result is not clamped (cubic kernels overshoot at edges).</summary>
    /// <param name="image">The image.</param>
    /// <param name="width">New width, at least 1.</param>
    /// <param name="height">New height, at least 1.</param>
    /// <param name="interpolation">The kernel.</param>
    public static FloatImage Resize(FloatImage image, int width, int height, Interpolation interpolation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var columns = AxisTaps.For(image.Width, width, interpolation);
        var rows = AxisTaps.For(image.Height, height, interpolation);
        var wide = new FloatImage(width, image.Height, new float[width * image.Height * 3]);
        for (var y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<float> source = image.Row(y);
            var target = wide.Row(y);
            for (var x = 0; x < width; x++)
            {
                double r = 0,
                    g = 0,
                    b = 0;
                foreach (var (index, weight) in columns[x])
                {
                    r += weight * source[3 * index];
                    g += weight * source[3 * index + 1];
                    b += weight * source[3 * index + 2];
                }

                (target[3 * x], target[3 * x + 1], target[3 * x + 2]) = ((float)r, (float)g, (float)b);
            }
        }

        var resized = new FloatImage(width, height, new float[width * height * 3]);
        for (var y = 0; y < height; y++)
        {
            var target = resized.Row(y);
            foreach (var (index, weight) in rows[y])
            {
                ReadOnlySpan<float> source = wide.Row(index);
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] += (float)weight * source[i];
                }
            }
        }

        return resized;
    }
}
