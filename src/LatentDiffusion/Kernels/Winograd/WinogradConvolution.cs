namespace LatentDiffusion.Kernels.Winograd;

/// <summary>
/// 3x3 convolution, stride 1, padding 1, by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2015): a quarter of
/// the multiplications. Maps are channels-last.
/// </summary>
/// <remarks>
/// Tiles are worked on in groups, so that what lies between the transforms stays in the caches. Transformed filters are
/// four times as large as the filters and quick to make, so they are made where they are used and never kept.
/// </remarks>
internal static unsafe class WinogradConvolution<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    private const int Products = 36;
    private const int MostTilesPerGroup = 128;

    // Input channels at a time: a panel's transformed filters should stay in the second-level cache.
    private const int SharedDepth = 128;
    private const int OwnPanelFloats = 2048;

    // Filters up to this size (transformed) are transformed once for all groups instead of once per group.
    private const nint MostSharedFloats = 4 << 20;

    // One cache line more: matrices whose distances are powers of two would compete for the same few cache sets.
    private const int Padding = 16;

    private static int Panel => TileColumn<TLanes, TVector>.PanelWidth;

    /// <summary>Y = X * filters, plus bias, plus residual.</summary>
    /// <param name="shape">Sizes; both channel counts are multiples of the register width.</param>
    /// <param name="x">[B, H, W, Ci], or [B, H/2, W/2, Ci] if the shape enlarges.</param>
    /// <param name="filters">The weights.</param>
    /// <param name="bias">[Co], or null.</param>
    /// <param name="residual">[B, H, W, Co], or null.</param>
    /// <param name="y">[B, H, W, Co]; may be the residual.</param>
    public static void Run(ConvolutionShape shape, float* x, Filters filters, float* bias, float* residual, float* y)
    {
        var threads = ThreadTeam.Size;
        var groups = (shape.Tiles + MostTilesPerGroup - 1) / MostTilesPerGroup;
        var byGroup = groups >= 2 * threads || shape.Output <= Panel;
        if (byGroup)
        {
            groups = Math.Min(shape.Tiles, Math.Max(groups, threads));
        }

        var tilesPerGroup = (shape.Tiles + groups - 1) / groups;
        var row = (nint)shape.Input + Padding;
        var panels = (shape.Output + Panel - 1) / Panel;
        var shares = groups > 1 && (nint)Products * shape.Input * panels * Panel <= MostSharedFloats;
        var depthBlock = Math.Min(shares ? SharedDepth : OwnPanelFloats / Panel, shape.Input);
        var blocks = (shape.Input + depthBlock - 1) / depthBlock;
        var vStep = tilesPerGroup * row + Padding;
        var mStep = (nint)tilesPerGroup * Panel + Padding;
        var uStep = (nint)depthBlock * Panel + Padding;
        var vSize = Products * vStep;
        var mSize = Products * mStep;
        var uSize = Products * uStep;
        var sharedSize = shares ? uSize * blocks * panels : 0;
        using var zeroScratch = new Scratch(Math.Max(shape.Input, Panel));
        using var vScratch = new Scratch(vSize * (byGroup ? threads : 1));
        using var workScratch = new Scratch((mSize + uSize) * threads);
        using var sharedScratch = new Scratch(sharedSize);
        var zeros = zeroScratch.Data;
        var v = vScratch.Data;
        var work = workScratch.Data;
        var shared = sharedScratch.Data;
        new Span<float>(zeros, Math.Max(shape.Input, Panel)).Clear();
        if (shares)
        {
            ThreadTeam.ForEach(panels, (panel, _) => TransformPanel(panel));
        }

        if (byGroup)
        {
            ThreadTeam.ForEach(
                groups,
                (group, thread) =>
                {
                    var (first, end) = Bounds(group);
                    var mine = v + thread * vSize;
                    for (var tile = first; tile < end; tile++)
                    {
                        Input(tile, first, mine);
                    }

                    for (var panel = 0; panel < panels; panel++)
                    {
                        Multiply(panel, first, end, mine, work + thread * (mSize + uSize));
                    }
                }
            );
            return;
        }

        for (var group = 0; group < groups; group++)
        {
            var (first, end) = Bounds(group);
            ThreadTeam.ForEach(end - first, (tile, _) => Input(first + tile, first, v));
            ThreadTeam.ForEach(
                panels,
                (panel, thread) => Multiply(panel, first, end, v, work + thread * (mSize + uSize))
            );
        }

        (int First, int End) Bounds(int group) =>
            ((int)((long)group * shape.Tiles / groups), (int)((long)(group + 1) * shape.Tiles / groups));

        void Input(int tile, int first, float* target) =>
            InputTransform<TLanes, TVector>.Run(x, shape, tile, target + (tile - first) * row, vStep, zeros);

        void TransformPanel(int panel)
        {
            for (var from = 0; from < shape.Input; from += depthBlock)
            {
                var depth = Math.Min(depthBlock, shape.Input - from);
                Transform(panel, from, depth, SharedFilters(panel, from));
            }
        }

        float* SharedFilters(int panel, int from) => shared + ((nint)panel * blocks + from / depthBlock) * uSize;

        void Transform(int panel, int from, int depth, float* target) =>
            FilterTransform.Run(
                filters,
                panel * Panel,
                Math.Min(Panel, shape.Output - panel * Panel),
                from,
                depth,
                Panel,
                target,
                uStep
            );

        void Multiply(int panel, int first, int end, float* source, float* memory)
        {
            var m = memory;
            var tiles = end - first;
            for (var from = 0; from < shape.Input; from += depthBlock)
            {
                var depth = Math.Min(depthBlock, shape.Input - from);
                var u = shares ? SharedFilters(panel, from) : memory + mSize;
                if (!shares)
                {
                    Transform(panel, from, depth, u);
                }

                for (var product = 0; product < Products; product++)
                {
                    TileColumn<TLanes, TVector>.Run(
                        tiles,
                        depth,
                        source + product * vStep + from,
                        row,
                        1,
                        u + product * uStep,
                        m + product * mStep,
                        Panel,
                        from == 0 ? zeros : null
                    );
                }
            }

            var channel = panel * Panel;
            for (var tile = first; tile < end; tile++)
            {
                OutputTransform<TLanes, TVector>.Run(
                    m + (nint)(tile - first) * Panel,
                    mStep,
                    shape,
                    tile,
                    channel,
                    Math.Min(Panel, shape.Output - channel),
                    bias,
                    residual,
                    y
                );
            }
        }
    }
}
