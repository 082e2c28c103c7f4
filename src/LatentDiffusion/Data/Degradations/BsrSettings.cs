namespace LatentDiffusion.Data.Degradations;

/// <summary>How strong the blind super-resolution degradation is.</summary>
public enum BsrStrength
{
    /// <summary>Of BSRGAN: images may become hardly recognisable.</summary>
    Full,

    /// <summary>The lighter one that the published LDM-BSR was trained with.</summary>
    Light,
}

/// <summary>The constants in which the two strengths differ.</summary>
internal sealed record BsrSettings
{
    /// <summary>The best JPEG quality of both.</summary>
    public const int MostQuality = 95;

    private static readonly BsrSettings Full = new();

    private static readonly BsrSettings Light = new()
    {
        BlursTwice = false,
        BlurDivisor = 4,
        AnisotropicStep = 1,
        IsotropicStep = 1,
        LargestIsotropic = 4,
        ReductionByResize = 0.8,
        LeastNoise = 1,
        MostNoise = 2,
        LeastQuality = 80,
    };

    /// <summary>Probability of halving the image before everything else.</summary>
    public double EarlyHalving { get; } = 0.25;

    /// <summary>Probability of a compression in the midst of the other operations.</summary>
    public double Compression { get; } = 0.9;

    public bool BlursTwice { get; init; } = true;

    /// <summary>What the largest width of blur is divided by.</summary>
    public double BlurDivisor { get; init; } = 1;

    // Kernel sizes are step * (2 .. largest) + 3.
    public int AnisotropicStep { get; init; } = 2;

    public int IsotropicStep { get; init; } = 2;

    public int LargestIsotropic { get; init; } = 11;

    /// <summary>Probability that the first reduction is a resize rather than blur and subsampling.</summary>
    public double ReductionByResize { get; init; } = 0.75;

    // Of 255.
    public int LeastNoise { get; init; } = 2;

    public int MostNoise { get; init; } = 25;

    public int LeastQuality { get; init; } = 30;

    public static BsrSettings Of(BsrStrength strength) => strength == BsrStrength.Light ? Light : Full;
}
